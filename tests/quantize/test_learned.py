"""AWQ and DWQ by mlx-lm: the result has our format, and a smaller loss than rounding."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from qwen3mlx_quantize import QuantizeRequest, TextError, recipe, run
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.methods import learned
from qwen3mlx_quantize.methods.learned import Learned
from qwen3mlx_quantize.packing import Method
from qwen3mlx_quantize.quality import measure
from qwen3mlx_quantize.source import Source

import qwen3mlx
from qwen3mlx.errors import UsageError
from tests.model.support import read_tensors
from tests.support.checkpoints import MOE, write_checkpoint

from .support import conversion, quantize, tokens

# Found, but not imported, which takes a second in each test process.
pytestmark = pytest.mark.skipif(find_spec("mlx_lm") is None, reason="no mlx-lm here")

ROOT = Path(__file__).parents[2]
TEXT = "\n---\n".join(
    f"User: how many letters are in the word number {n}?\nAnswer: there are {n % 9}, I counted."
    for n in range(24)
)


def floats(kind: str, folder: Path) -> Path:
    """A float demo with its tokenizer, and a calibration text beside it."""
    shutil.copytree(ROOT / "training" / "weights" / kind, folder)
    shutil.copy(ROOT / "qwen3mlx" / "demo" / kind / "tokenizer.json", folder)
    (folder.parent / "text.txt").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return floats("dense", tmp_path_factory.mktemp("demo") / "demo")


def made(source: Path, out: Path, method: Method) -> Path:
    text = source.parent / "text.txt"
    run(QuantizeRequest(source=source, output=out, method=method, calibration=text))
    return out


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("method", "kind"), [("awq", "dense"), ("dwq", "dense"), ("dwq", "moe")])
def test_awq_and_dwq_results_have_our_format(
    tmp_path: Path,
    method: Any,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from mlx_lm.utils import load_model  # it imports much

    monkeypatch.setattr(learned, "DWQ_SAMPLES", 32)
    monkeypatch.setattr(learned, "DWQ_RATE", 2e-4)
    source = floats(kind, tmp_path / "demo")
    out, rounded = made(source, tmp_path / method, method), tmp_path / "rtn"
    quantize(source, rounded)
    stored, expected = (Source(folder).infos for folder in (out, rounded))
    assert {n: (i.dtype, i.shape) for n, i in stored.items()} == {
        n: (i.dtype, i.shape) for n, i in expected.items()
    }
    ids = [list(range(10, 90)), list(range(40, 120))]
    ours, base = measure([out, rounded], source, tokens(*ids))
    assert ours.size_bytes == base.size_bytes
    assert ours.kl_mean < 1.5 * base.kl_mean  # a text as short as this one teaches little
    theirs = load_model(out)[0]
    theirs.set_dtype(mx.float32)
    batch = mx.array(ids)
    assert mx.allclose(theirs(batch), qwen3mlx.load_model(out)(batch), rtol=1e-4, atol=1e-3).item()
    assert json.loads((out / "manifest.json").read_text())["method"] == method
    assert capfd.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_dwq_keeps_the_integers_and_awq_moves_the_norms(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "DWQ_SAMPLES", 16)
    source = Source(demo)
    start = tmp_path / "mse"
    quantize(demo, start, method="mse")
    trained = Source(made(demo, tmp_path / "dwq", "dwq"))
    scaled = Source(made(demo, tmp_path / "awq", "awq"))
    norms = [name for name in source.vectors if "input_layernorm" in name]
    assert all((trained.vector(n) == source.vector(n)).all().item() for n in norms)
    assert not all((scaled.vector(n) == source.vector(n)).all().item() for n in norms)
    name = "model.layers.0.mlp.up_proj.weight"
    kept = trained._reader.take(name) == Source(start)._reader.take(name)
    assert kept.all().item()


@pytest.mark.parametrize(
    ("method", "name", "shape", "named"),
    [
        ("awq", "4bit", "moe", "dense Qwen3 only"),
        ("awq", "mixed-4-8", "dense", "the same bits"),
        ("dwq", "mxfp4", "dense", "affine integers"),
        ("dwq", "8bit", "dense", "fewer than 8 bits"),
    ],
)
def test_what_mlx_lm_does_not_support_is_refused(
    demo: Path, tmp_path: Path, method: Any, name: str, shape: Any, named: str
) -> None:
    source = demo if shape == "dense" else write_checkpoint(tmp_path / "moe", MOE)
    with pytest.raises(UsageError, match=named):
        learned.check(method, Source(source), recipe.load(name))


def test_without_mlx_lm_the_error_says_how_to_install_it(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"qwen3mlx\[mlx-lm\]"):
        learned.check("awq", Source(demo), recipe.load("4bit"))


def test_a_model_too_large_for_memory_is_refused(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "usable_memory", lambda: 1_000_000)
    with pytest.raises(UsageError, match=r"1\.0 MB can be used here: use --method gptq"):
        learned.check("dwq", Source(demo), recipe.load("4bit"))


def test_untrained_modules_are_written_unchanged(demo: Path, tmp_path: Path) -> None:
    """A recipe may mix: floats with a shared scale have no biases to train."""
    text = 'bits = 4\n[[rules]]\nmodules = ["*.o_proj"]\nmode = "mxfp4"\n'
    mixed, out = recipe.parse(text, "mixed"), tmp_path / "rtn"
    quantize(demo, out, mixed)
    tensors = read_tensors(out)
    again = Learned(tensors, keeps_weights=True)
    convert(conversion(demo, tmp_path / "again", mixed, "dwq"), again)
    for name, tensor in read_tensors(tmp_path / "again").items():
        assert mx.array_equal(tensor, tensors[name]).item(), name


def test_dwq_needs_several_documents(demo: Path) -> None:
    with pytest.raises(TextError, match="8 documents"):
        learned.dwq(Source(demo), [[1, 2, 3]], lambda folder: None)
