"""The HTML report: self-contained, with every figure."""

from __future__ import annotations

import html
import logging
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mlx.core as mx
import pytest
from qwen3mlx_quantize import Quality, html_report, inspection, plots
from qwen3mlx_quantize.inspection import inspect_weights
from qwen3mlx_quantize.quality import measure
from qwen3mlx_quantize.source import Source

from qwen3mlx.errors import UsageError
from tests.model.support import read_tensors
from tests.support.checkpoints import DENSE, write_checkpoint

from .support import quantize, tokens

TOKENS = tokens([1, 5, 9, 30, 2, 7] * 4, [3, 3, 8, 11] * 3)
NAMES = {"8bit": "$8bit$_^{", "4bit": "<4bit> 千问"}


# On a slow machine, it tells that it looks for the system's fonts.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A float checkpoint, and 8-bit and 4-bit versions, under names with special characters."""
    parent = tmp_path_factory.mktemp("report")
    source = write_checkpoint(parent / "float", DENSE)
    made = []
    for name, called in NAMES.items():
        out = parent / called
        quantize(source, out, name)
        made.append(out)
    return source, made


@pytest.fixture(scope="module")
def found(folders: tuple[Path, list[Path]]) -> list[Quality]:
    source, made = folders
    return measure(made, source, TOKENS)


def test_the_page_is_self_contained_and_shows_every_figure(
    folders: tuple[Path, list[Path]], found: list[Quality]
) -> None:
    source, made = folders
    page = html_report.text(found, made, source)
    addresses = set(re.findall(r"https?://[^\"' )]*", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|link|img|iframe|image)|url\((?!#)|@import", page)
    assert page.count("<svg") == page.count('role="img"') == 4
    for called in NAMES.values():
        assert page.count(html.escape(called)) == 5  # in the table, and in every picture
    assert "<4bit>" not in page
    for quality in found:
        assert f"{quality.kl_mean:.5f}" in page
    nearest = min(quality.kl_mean for quality in found)
    assert f"<b>{nearest:.5f}</b>" in page
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'(?:href="|url\()#([\w-]+)', page)) == set(ids)
    assert html_report.text(found, made, source) == page


def test_sizes_add_up_and_errors_match_the_weights(folders: tuple[Path, list[Path]]) -> None:
    source, (eight, four) = folders
    fine, coarse = inspect_weights(eight, source), inspect_weights(four, source)
    for folder, looked in ((eight, fine), (four, coarse)):
        assert sum(looked.sizes.values()) == sum(i.nbytes for i in Source(folder).infos.values())
        assert all(looked.sizes.values())
    assert fine.errors is not None
    assert coarse.errors is not None
    for path, error in coarse.errors.items():
        assert 0 < fine.errors[path] < error < 0.1
    path = "model.layers.0.self_attn.q_proj"
    module = next(one for one in Source(source).modules if one.path == path)
    mine, base = (Source(folder).matrix(module).astype(mx.float32) for folder in (four, source))
    expected = ((mine - base) ** 2).sum().item() / (base**2).sum().item()
    assert coarse.errors[path] == pytest.approx(expected, rel=1e-5)


def test_a_sample_of_a_large_matrix_is_compared(
    folders: tuple[Path, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, (_, four) = folders
    monkeypatch.setattr("qwen3mlx_quantize.source.BLOCK", 256)  # runs of two rows
    path = "model.layers.0.self_attn.q_proj"
    module = next(one for one in Source(source).modules if one.path == path)
    mine, base = (Source(folder).matrix(module).astype(mx.float32) for folder in (four, source))
    rows = [row for row in range(module.shape[0]) if row // 2 % inspection.SAMPLED == 0]
    mine, base = mine[mx.array(rows)], base[mx.array(rows)]
    expected = ((mine - base) ** 2).sum().item() / (base**2).sum().item()
    errors = inspect_weights(four, source).errors
    assert errors is not None
    assert errors[path] == pytest.approx(expected, rel=1e-5)


def test_scaled_weights_are_not_compared(folders: tuple[Path, list[Path]], tmp_path: Path) -> None:
    source, (eight, _) = folders
    tensors = read_tensors(eight)
    norm = "model.layers.0.input_layernorm.weight"
    tensors[norm] = tensors[norm] * 2
    scaled = tmp_path / "scaled"
    shutil.copytree(eight, scaled)
    mx.save_safetensors(str(scaled / "model.safetensors"), tensors, metadata={"format": "mlx"})
    assert inspect_weights(scaled, source).errors is None
    both = [scaled, eight]
    page = html_report.text(measure(both, source, TOKENS), both, source)
    assert "Not shown, because their method scales weights: scaled." in page
    alone = html_report.text(measure([scaled], source, TOKENS), [scaled], source)
    assert alone.count("<svg") == 3
    assert "by layer" not in alone


def test_labels_do_not_overlap(found: list[Quality]) -> None:
    same = [replace(found[0], name=f"model-{n}") for n in range(6)]
    picture = plots.quality_against_size(same)
    places = re.findall(r'translate\(([\d.]+) ([\d.]+)\)"[^>]*>model-\d</text>', picture) or (
        re.findall(r'x="([\d.]+)" y="([\d.]+)"[^>]*>model-\d</text>', picture)
    )
    heights = sorted(float(y) for _, y in places)
    assert len(heights) == 6
    assert all(high - low >= 9 for low, high in pairwise(heights))  # that of a letter


def test_sizes_of_small_models_are_in_megabytes(found: list[Quality]) -> None:
    assert "Size, MB" in plots.quality_against_size(found)
    large = [replace(one, size_bytes=one.size_bytes * 10_000) for one in found]
    assert "Size, GB" in plots.quality_against_size(large)


def test_a_report_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        html_report.check(tmp_path / "none" / "r.html")
    with pytest.raises(UsageError, match="is a folder: name a file"):
        html_report.check(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        html_report.check(tmp_path / "r.html")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"qwen3mlx\[report\]"):
        html_report.check(tmp_path / "r.html")
