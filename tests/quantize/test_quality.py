"""Figures of an evaluation, against an independent computation."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from qwen3mlx_quantize import TextError, report, texts
from qwen3mlx_quantize.distributions import Distributions
from qwen3mlx_quantize.quality import measure

import qwen3mlx
from qwen3mlx.errors import UsageError
from tests.support.checkpoints import DENSE, Shape, write_checkpoint
from tests.support.places import ROOT

from .support import quantize, tokens

DEMO = ROOT / "qwen3mlx" / "demo" / "moe"
DOCUMENTS = [list(range(5, 60)), list(range(100, 130))]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A float checkpoint, and it in 3 bits."""
    folder = tmp_path_factory.mktemp("evaluate")
    source = write_checkpoint(folder / "float", DENSE)
    quantize(source, folder / "3bit", "3bit")
    return source, folder / "3bit"


def logprobs(folder: Path, ids: list[int]) -> np.ndarray:
    logits = np.array(qwen3mlx.load_model(folder)(mx.array([ids]))[0, :-1], dtype=np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def test_every_figure_matches_numpy(folders: tuple[Path, Path]) -> None:
    source, quantized = folders
    (quality,) = measure([quantized], source, tokens(*DOCUMENTS))
    kl, same, loss = [], [], []
    for ids in DOCUMENTS:
        p, q = logprobs(source, ids), logprobs(quantized, ids)
        kl += list((np.exp(p) * (p - q)).sum(-1))
        same += list(p.argmax(-1) == q.argmax(-1))
        loss += list(-q[np.arange(len(ids) - 1), ids[1:]])
    assert quality.num_tokens == len(kl)
    assert quality.kl_mean == pytest.approx(np.mean(kl), rel=1e-3)
    assert quality.kl_quantiles["0.5"] == pytest.approx(np.median(kl), rel=0.1)
    assert quality.agreement == pytest.approx(np.mean(same))
    assert quality.perplexity == pytest.approx(np.exp(np.mean(loss)), rel=1e-3)
    assert sum(quality.histogram[1]) == len(kl)
    assert quality.decode_tps > 0
    stored = (quantized / "model.safetensors").stat().st_size
    assert quality.size_bytes == pytest.approx(stored, rel=0.05)


def test_what_is_kept_of_a_distribution_is_small_and_its_divergence_that_of_the_whole(
    tmp_path: Path,
) -> None:
    """On the demo and made-up noise, whose 1,984 tokens are more than are kept."""
    ids = texts.evaluation(DEMO).documents[0]
    logits = qwen3mlx.load_model(DEMO)(mx.array([ids]))[0, :-1]
    noisy = logits + 0.5 * mx.random.normal(logits.shape, key=mx.random.key(0))
    expected, got = (x - mx.logsumexp(x, axis=-1, keepdims=True) for x in (logits, noisy))
    Distributions.of(expected, ids).save(tmp_path / "0.safetensors")
    assert (tmp_path / "0.safetensors").stat().st_size / (len(ids) - 1) < 8000
    kept = Distributions.load(tmp_path / "0.safetensors")
    whole = (mx.exp(expected) * (expected - got)).sum(-1).mean().item()
    assert kept.divergence(got).mean().item() == pytest.approx(whole, rel=0.01)
    assert (kept.divergence(expected) < 1e-5).all().item()
    assert (kept.top == expected.argmax(-1)).all().item()
    assert kept.ids.shape[1] < expected.shape[1]


def test_a_model_is_equal_to_itself(folders: tuple[Path, Path]) -> None:
    (quality,) = measure([folders[0]], folders[0], tokens(*DOCUMENTS))
    assert quality.kl_mean < 1e-6
    assert quality.agreement == 1
    assert quality.perplexity == quality.reference_perplexity


def test_the_table_names_models_and_reference(folders: tuple[Path, Path]) -> None:
    found = measure(list(folders[::-1]), folders[0], tokens(*DOCUMENTS))
    lines = report.table(found).splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["3bit", "float"]
    assert f"on {found[0].num_tokens} tokens of a text; the reference's perplexity" in lines[-1]
    json.dumps([quality.as_json() for quality in found])


def test_other_vocabularies_cannot_be_compared(folders: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", Shape(vocab_size=256))
    with pytest.raises(UsageError, match="the same vocabulary"):
        measure([other], folders[0], tokens(*DOCUMENTS))


def test_a_text_of_one_token_is_refused(folders: tuple[Path, Path]) -> None:
    with pytest.raises(TextError, match="too short"):
        measure([folders[1]], folders[0], tokens([5], []))


def test_the_built_in_texts_have_many_languages_and_code() -> None:
    documents = texts.load(None).documents
    assert len(documents) > 20
    whole = "".join(documents)
    assert all(sign in whole for sign in ("def ", "的", "ü", "ы", "ال", "の", "할", "।", "<think>"))


@pytest.mark.parametrize(
    ("content", "named"), [("", "0 characters"), ("short", "5 characters"), (b"\xff\xfe", "text")]
)
def test_unusable_texts_are_refused(tmp_path: Path, content: str | bytes, named: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TextError, match=named):
        texts.load(file)
    with pytest.raises(TextError, match="There is no"):
        texts.load(tmp_path / "none")


def test_a_folder_of_texts(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_text("a" * 300 + "\n---\n" + "b" * 300)
    (tmp_path / "sub" / "b.txt").write_text("c" * 300)
    (tmp_path / "c.png").write_bytes(b"\x89PNG")
    assert [document[0] for document in texts.load(tmp_path).documents] == ["a", "b", "c"]
