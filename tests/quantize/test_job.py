"""`run` and `evaluate`: from a request to a result, with events; for any caller."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from qwen3mlx_quantize import (
    ConversionError,
    EvaluateRequest,
    Event,
    JobWarning,
    Progress,
    QuantizeRequest,
    Recipe,
    TextError,
    evaluate,
    run,
    texts,
)

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.errors import CheckpointError, UsageError
from tests.support.places import ROOT

DEMO = ROOT / "qwen3mlx" / "demo" / "dense"
TEXT = "\n---\n".join(f"How many letters are in the word number {n}? " * 4 for n in range(3))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The demo with a short text of its own."""
    folder = shutil.copytree(DEMO, tmp_path / "small")
    (folder / texts.OWN).write_text(TEXT)
    return folder


def recorded() -> tuple[list[Event], Callable[[Event], None]]:
    events: list[Event] = []
    return events, events.append


def test_a_dry_run_tells_the_same_and_writes_nothing(dense: Path, tmp_path: Path) -> None:
    request = QuantizeRequest(source=dense, output=tmp_path / "out", method="rtn", dry_run=True)
    planned = run(request)
    assert planned.dry_run
    assert list(tmp_path.iterdir()) == []
    done = run(QuantizeRequest(source=dense, output=tmp_path / "out", method="rtn"))
    assert not done.dry_run
    assert planned.as_json().items() <= done.as_json().items()
    assert set(done.as_json()) - set(planned.as_json()) == {"output", "seconds", "errors"}


def test_every_phase_counts_up_to_its_total(small: Path, tmp_path: Path) -> None:
    events, on_event = recorded()
    run(
        QuantizeRequest(source=small, output=tmp_path / "out", method="rtn", measure=True), on_event
    )
    progress = [event for event in events if isinstance(event, Progress)]
    phases = list(dict.fromkeys(event.phase for event in progress))
    assert phases == ["converting", "loading", "evaluating", "verifying"]
    for phase in ("converting", "verifying"):
        own = [event for event in progress if event.phase == phase]
        assert all(one.done <= other.done for one, other in pairwise(own))
        assert own[-1].done == own[-1].total
    read_back = [event.item for event in progress if event.phase == "verifying"]
    written = [event.item for event in progress if event.phase == "converting" and event.item]
    assert read_back == written


def test_a_quantized_source_is_warned_of_and_undoing_it_is_not(small: Path, tmp_path: Path) -> None:
    events, on_event = recorded()
    run(QuantizeRequest(source=small, output=tmp_path / "4", dry_run=True), on_event)
    assert events == [JobWarning("The source is already quantized; its quality loss remains.")]
    events.clear()
    undo = QuantizeRequest(source=small, output=tmp_path / "f", recipe="bf16", dry_run=True)
    run(undo, on_event)
    assert events == []


def test_a_recipe_may_be_a_value(dense: Path, tmp_path: Path) -> None:
    mine = Recipe("mine", "6 bit", QuantizationSpec(32, 6))
    result = run(QuantizeRequest(source=dense, output=tmp_path / "out", recipe=mine))
    assert result.as_json()["recipe"] == "mine"
    assert {step.spec.bits for step in result.plan.steps if step.spec} == {6}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"recipe": "auto"}, "needs --target-bpw"),
        ({"target_bpw": 5.0}, "needs --target-bpw"),
        ({"recipe": "auto", "target_bpw": float("nan")}, "from 2 to 16"),
        ({"recipe": "auto", "target_bpw": 1.0}, "from 2 to 16"),
        ({"recipe": "auto", "target_bpw": 5.0, "fit": "16GB"}, "choose one"),
        ({"recipe": "4bit", "fit": "16GB"}, "needs --target-bpw"),
        ({"context": 8192}, "--context needs --fit"),
        ({"recipe": "7bit"}, "valid recipes: 2bit"),
        ({"method": "best"}, "valid methods: mse, rtn, gptq, autoround, awq, dwq"),
        ({"recipe": "mxfp4", "method": "gptq"}, "use --method rtn"),
        ({"mode": "int4"}, "valid modes: affine"),
        ({"group_size": 48}, "--group-size 48"),
        ({"calibration": Path("x")}, "--calibration needs"),
    ],
)
def test_a_request_is_checked_before_the_source_is_looked_at(
    options: dict[str, object], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        QuantizeRequest(source=Path("none"), output=Path("out"), **options)  # type: ignore[arg-type]


def test_the_default_evaluation_text_is_the_references_own(small: Path, tmp_path: Path) -> None:
    own = evaluate(EvaluateRequest(candidates=(small,), reference=small))
    assert own.qualities[0].text == "the model's own evaluation.txt"
    assert own.as_json()[0]["text"] == own.qualities[0].text
    (tmp_path / "mine.txt").write_text(TEXT)
    mine = evaluate(
        EvaluateRequest(candidates=(small,), reference=small, text=tmp_path / "mine.txt")
    )
    assert mine.qualities[0].text == "mine.txt"
    assert mine.qualities[0].perplexity == own.qualities[0].perplexity
    (small / texts.OWN).unlink()
    assert texts.evaluation(small).name == texts.BUILT_IN


def test_a_result_takes_its_evaluation_text_along_and_its_card_names_it(
    small: Path, tmp_path: Path
) -> None:
    request = QuantizeRequest(source=small, output=tmp_path / "out", method="rtn", measure=True)
    quality = run(request).quality
    assert quality is not None
    assert (tmp_path / "out" / texts.OWN).read_text() == TEXT
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"on {quality.num_tokens:,} tokens of the model's own evaluation.txt." in card


def test_calibration_never_uses_the_text_that_the_model_is_measured_on(small: Path) -> None:
    assert texts.calibration(small, None) == texts.calibration(DEMO, None)
    assert texts.calibration(small, None).documents != texts.evaluation(small).documents


@pytest.mark.parametrize("content", [b"short", b"\xff\xfe" * 200])
def test_an_evaluation_text_that_cannot_be_used_is_named(small: Path, content: bytes) -> None:
    (small / texts.OWN).write_bytes(content)
    with pytest.raises((CheckpointError, TextError), match=r"evaluation\.txt"):
        texts.evaluation(small)


def test_an_evaluation_text_that_is_a_link_out_of_the_model_is_not_read(
    small: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text(TEXT)
    (small / texts.OWN).unlink()
    (small / texts.OWN).symlink_to(tmp_path / "letter.txt")
    with pytest.raises(CheckpointError, match="outside the model"):
        texts.evaluation(small)


def test_without_a_tokenizer_nothing_is_started(dense: Path, tmp_path: Path) -> None:
    request = QuantizeRequest(source=dense, output=tmp_path / "out", measure=True)
    with pytest.raises(ConversionError, match=r"tokenizer\.json"):
        run(request)
    assert list(tmp_path.iterdir()) == []


def test_importing_the_package_makes_no_stream_and_loads_no_peer() -> None:
    code = (
        "import sys, json, mlx.core as mx; made = []; real = mx.new_thread_local_stream; "
        "mx.new_thread_local_stream = lambda d: made.append(d) or real(d); "
        "import qwen3mlx_quantize; "
        "peers = {'mlx_lm', 'matplotlib', 'typer'} & set(sys.modules); "
        "print(json.dumps([len(made), sorted(peers)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert json.loads(done.stdout) == [0, []]
