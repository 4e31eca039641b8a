"""Calibration and evaluation never share a document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_quantize import (
    ConversionError,
    EvaluateRequest,
    Event,
    JobWarning,
    QuantizeRequest,
    TextError,
    evaluate,
    recipe,
    run,
    texts,
)
from qwen3mlx_quantize.texts import splitting

from qwen3mlx.errors import CheckpointError
from tests.support.places import ROOT

from .support import Stopped, stopped_at

DEMO = ROOT / "qwen3mlx" / "demo" / "dense"
# A single module, so that gptq takes a moment.
ONE = recipe.parse(
    'bits = 16\n[[rules]]\nmodules = ["model.layers.0.self_attn.k_proj"]\nbits = 4', "x", "one"
)
DOCUMENTS = [f"How many letters are in the word number {n}? " * 8 for n in range(8)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The demo without a text of its own."""
    folder = shutil.copytree(DEMO, tmp_path / "source")
    (folder / texts.OWN).unlink()
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.txt"
    file.write_text("\n---\n".join(DOCUMENTS))
    return file


def converted(source: Path, output: Path, calibration: Path | None) -> list[Event]:
    events: list[Event] = []
    request = QuantizeRequest(
        source=source,
        output=output,
        recipe=ONE,
        method="gptq",
        calibration=calibration,
        measure=True,
    )
    run(request, events.append)
    return events


def test_the_built_in_texts_calibrate_and_measure_apart(source: Path) -> None:
    calibration = texts.calibration(source, None)
    measured = texts.evaluation(source).documents
    assert len(calibration.documents) > 10
    assert len(measured) > 10
    assert not {tuple(ids) for ids in calibration.documents} & {tuple(ids) for ids in measured}


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1))
def test_no_document_is_on_both_sides(documents: list[str]) -> None:
    used, kept = splitting.split(documents)
    digests = set(map(splitting.digest, used))
    assert used
    assert not digests & set(map(splitting.digest, kept))
    assert splitting.unseen(documents, digests) == kept


@given(st.text(alphabet="ab 的\n", min_size=40).map(str.strip).filter(lambda t: len(t) > 30))
def test_a_single_document_is_cut_and_nothing_of_it_is_lost(document: str) -> None:
    used, kept = splitting.split([document])
    whole = "".join("".join(splitting.parts([document])).split())
    assert whole == "".join(document.split())
    assert used + kept


def test_the_users_text_is_split_and_the_split_is_said(
    source: Path, mine: Path, tmp_path: Path
) -> None:
    events = converted(source, tmp_path / "out", mine)
    said = [event.message for event in events if isinstance(event, JobWarning)]
    assert any("6 of the 8 documents of mine.txt" in message for message in said)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "tokens of 6 of the 8 documents of mine.txt; " in card
    assert "tokens of the 2 documents of mine.txt that did not calibrate." in card
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    digests = manifest["calibration"]["documents"]
    stripped = [document.strip() for document in DOCUMENTS]
    held = [one for one in stripped if splitting.digest(one) not in digests]
    assert held == [stripped[3], stripped[7]]
    evaluated = evaluate(
        EvaluateRequest(candidates=(tmp_path / "out",), reference=source, text=mine)
    )
    (quality,) = evaluated.qualities
    assert quality.text == "mine.txt, without what calibrated (2 documents)"
    alone = texts.evaluation(source, mine, calibrated=set(digests)).documents
    assert quality.num_tokens == sum(len(ids) - 1 for ids in alone)


def test_a_text_of_which_nothing_is_left_is_refused(source: Path, mine: Path) -> None:
    every = {splitting.digest(document.strip()) for document in DOCUMENTS}
    with pytest.raises(TextError, match=r"Nothing is left of mine\.txt"):
        texts.evaluation(source, mine, calibrated=every)


def test_other_documents_do_not_resume_a_run(source: Path, mine: Path, tmp_path: Path) -> None:
    def request(calibration: Path | None, *, resume: bool) -> QuantizeRequest:
        return QuantizeRequest(
            source=source,
            output=tmp_path / "out",
            recipe=ONE,
            method="gptq",
            calibration=calibration,
            resume=resume,
        )

    with pytest.raises(Stopped):
        run(request(None, resume=False), stopped_at(1))
    with pytest.raises(ConversionError, match="other options"):
        run(request(mine, resume=True))


@pytest.mark.parametrize("content", [[], {"documents": 3}, {"documents": [1]}])
def test_a_manifest_that_is_not_ours_is_named(tmp_path: Path, content: object) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"calibration": content}))
    with pytest.raises(CheckpointError, match="list of SHA-256"):
        splitting.calibrated_with(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    assert splitting.calibrated_with(tmp_path) == set()
