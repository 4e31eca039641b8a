"""The page with plots: it needs nothing else, and says what was measured."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import mlx.core as mx
import pytest

from quantize import html_report, inside, recipe
from quantize.convert import DataFree, Options, convert
from quantize.evaluate import evaluate
from quantize.source import Source
from qwen3mlx.errors import UsageError
from tests.support.checkpoints import DENSE, write_checkpoint

DOCUMENTS = [[1, 5, 9, 30, 2, 7] * 4, [3, 3, 8, 11] * 3]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A float checkpoint, and it in 8 and in 4 bits."""
    parent = tmp_path_factory.mktemp("report")
    source = write_checkpoint(parent / "float", DENSE)
    made = []
    for name in ("8bit", "4bit"):
        out = parent / f"<{name}>"
        convert(Source(source), out, Options(recipe.load(name), "rtn"), DataFree("rtn"))
        made.append(out)
    return source, made


def test_it_needs_nothing_and_says_what_was_measured(folders):
    source, made = folders
    found = evaluate(made, source, DOCUMENTS)
    page = html_report.text(found, made, source)
    addresses = set(re.findall(r"https?://[^\"' )]*", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|link|img|iframe)", page)
    assert "&lt;4bit&gt;" in page
    assert "<4bit>" not in page
    assert page.count("<svg") == 4
    for quality in found:
        assert f"{quality.kl_mean:.5f}" in page
    nearest = min(quality.kl_mean for quality in found)
    assert f'class="best">{nearest:.5f}' in page
    assert html_report.text(found, made, source) == page


def test_sizes_add_up_and_errors_are_the_weights_own(folders):
    source, (eight, four) = folders
    fine, coarse = inside.look(eight, source), inside.look(four, source)
    for folder, looked in ((eight, fine), (four, coarse)):
        assert sum(looked.sizes.values()) == sum(i.nbytes for i in Source(folder).infos.values())
    assert fine.errors is not None
    assert coarse.errors is not None
    for path, error in coarse.errors.items():
        assert 0 < fine.errors[path] < error < 0.1
    path = "model.layers.0.self_attn.q_proj"
    module = next(one for one in Source(source).modules if one.path == path)
    mine, base = (Source(folder).matrix(module).astype(mx.float32) for folder in (four, source))
    expected = ((mine - base) ** 2).sum().item() / (base**2).sum().item()
    assert coarse.errors[path] == pytest.approx(expected, rel=1e-5)


def test_weights_that_were_scaled_are_not_compared(folders, tmp_path):
    source, (eight, _) = folders
    tensors = dict(mx.load(str(eight / "model.safetensors")))
    norm = "model.layers.0.input_layernorm.weight"
    tensors[norm] = tensors[norm] * 2
    for file in eight.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    mx.save_safetensors(str(tmp_path / "model.safetensors"), tensors, metadata={"format": "mlx"})
    assert inside.look(tmp_path, source).errors is None
    found = evaluate([tmp_path], source, DOCUMENTS)
    assert "None of these can be compared" in html_report.text(found, [tmp_path], source)


def test_what_is_missing_is_said_before_any_work(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="There is no folder"):
        html_report.check(tmp_path / "none" / "r.html")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"qwen3mlx\[report\]"):
        html_report.check(tmp_path / "r.html")
