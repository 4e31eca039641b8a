"""AWQ and DWQ through mlx-lm: what comes back is a checkpoint of ours, nearer than rounding."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("mlx_lm")

from quantize import recipe
from quantize.convert import DataFree, Options, convert, quantizer
from quantize.evaluate import evaluate
from quantize.methods import Method, learned
from quantize.plan import make
from quantize.source import Source
from qwen3mlx.errors import UsageError
from tests.support.checkpoints import MOE, write_checkpoint

ROOT = Path(__file__).parents[2]
TEXT = "\n---\n".join(
    f"User: how many letters are in the word number {n}?\nAnswer: there are {n % 9}, I counted."
    for n in range(24)
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo in float, with its tokenizer and a text to calibrate with."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    shutil.copytree(ROOT / "training" / "weights" / "dense", folder)
    shutil.copy(ROOT / "qwen3mlx" / "demo" / "dense" / "tokenizer.json", folder)
    (folder.parent / "text.txt").write_text(TEXT)
    return folder


def made(source: Path, out: Path, method: Method, name: str = "4bit") -> Path:
    opened, options = Source(source), Options(recipe.load(name), method)
    packs = quantizer(opened, make(opened, options.recipe), options, source.parent / "text.txt")
    convert(opened, out, options, packs)
    return out


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("method", ["awq", "dwq"])
def test_the_result_is_a_checkpoint_of_ours(demo, tmp_path, method, monkeypatch, capfd):
    monkeypatch.setattr(learned, "DWQ_SAMPLES", 32)
    monkeypatch.setattr(learned, "DWQ_RATE", 2e-4)
    out = made(demo, tmp_path / method, method)
    rounded = tmp_path / "rtn"
    convert(Source(demo), rounded, Options(recipe.load("4bit"), "rtn"), DataFree("rtn"))
    ids = [list(range(10, 90)), list(range(40, 120))]
    ours, base = evaluate([out, rounded], demo, ids)
    assert ours.size_bytes == base.size_bytes
    assert ours.kl_mean < 1.5 * base.kl_mean  # a text as short as this one teaches little
    assert json.loads((out / "manifest.json").read_text())["method"] == method
    assert capfd.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_dwq_keeps_the_integers_and_awq_moves_the_norms(demo, tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "DWQ_SAMPLES", 16)
    source = Source(demo)
    start = tmp_path / "mse"
    convert(source, start, Options(recipe.load("4bit"), "mse"), DataFree("mse"))
    trained = Source(made(demo, tmp_path / "dwq", "dwq"))
    scaled = Source(made(demo, tmp_path / "awq", "awq"))
    norms = [name for name in source.vectors if "input_layernorm" in name]
    assert all((trained.vector(n) == source.vector(n)).all().item() for n in norms)
    assert not all((scaled.vector(n) == source.vector(n)).all().item() for n in norms)
    name = "model.layers.0.mlp.up_proj.weight"
    kept = trained._reader.whole(name) == Source(start)._reader.whole(name)
    assert kept.all().item()


@pytest.mark.parametrize(
    ("method", "name", "shape", "named"),
    [
        ("awq", "4bit", "moe", "dense Qwen3 only"),
        ("awq", "mixed-4-8", "dense", "the same bits"),
        ("dwq", "mxfp4", "dense", "affine integers"),
    ],
)
def test_what_mlx_lm_cannot_do_is_refused(demo, tmp_path, method, name, shape, named):
    source = demo if shape == "dense" else write_checkpoint(tmp_path / "moe", MOE)
    with pytest.raises(UsageError, match=named):
        learned.check(method, Source(source), recipe.load(name))


def test_without_mlx_lm_it_says_how_to_get_it(demo, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"qwen3mlx\[mlx-lm\]"):
        learned.check("awq", Source(demo), recipe.load("4bit"))


def test_dwq_needs_several_documents(demo):
    with pytest.raises(UsageError, match="8 documents"):
        learned.dwq(Source(demo), [[1, 2, 3]], lambda folder: None)
