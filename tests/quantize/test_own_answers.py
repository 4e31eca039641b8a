"""`--calibration self`: the model's own answers, kept as they are made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qwen3mlx_quantize import (
    ConversionError,
    Event,
    JobWarning,
    Progress,
    QuantizeRequest,
    Question,
    run,
    texts,
)
from qwen3mlx_quantize.choices import REAL, choose_calibration
from qwen3mlx_quantize.events import ignore
from qwen3mlx_quantize.request import SELF
from qwen3mlx_quantize.source import Source
from qwen3mlx_quantize.texts import own_answers

from qwen3mlx.cli.own_answers import answer
from qwen3mlx.errors import MemoryBudgetError, UsageError
from qwen3mlx.settings.state import state_home
from qwen3mlx.text import load_tokenizer
from tests.support.checkpoints import DENSE, write_checkpoint
from tests.support.coder import add_coder_template
from tests.support.places import ROOT

from .support import Stopped

DEMO = ROOT / "qwen3mlx" / "demo" / "dense"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some tokens, in a state folder of the test's own."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(own_answers, "NUM_TOKENS", 300)
    monkeypatch.setattr(own_answers, "MOST_ANSWER", 8)


def answered(
    on_event: Callable[[Event], None] = ignore, by: own_answers.Answer = answer, folder: Path = DEMO
) -> list[list[int]]:
    return own_answers.answers(folder, Source(folder).files, by, on_event)


def made_up(
    folder: Path,
    questions: Iterator[Question],
    on_load: Callable[[int, int], None],
    on_step: Callable[[int], None],
) -> Generator[tuple[int, list[int]]]:
    """Answers that tell their question, in no time."""
    for place, question in enumerate(questions):
        on_step(20)
        yield place, [question.seed, *question.prompt.encode()[:19]]


def unasked(*_: object) -> Generator[tuple[int, list[int]]]:
    raise AssertionError("the model was asked")


def kept(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "home" / "calibration").iterdir()
    return file


def test_answers_follow_their_prompts_and_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_answers, "NUM_TOKENS", 60)
    events: list[Event] = []
    found = answered(events.append)
    assert sum(map(len, found)) >= 60
    first = load_tokenizer(DEMO).decode(found[0])
    assert "Explain in a few paragraphs how a rainbow forms" in first
    assert "assistant" in first.split("rainbow")[1]
    done = [e.done for e in events if isinstance(e, Progress) and e.phase == "generating"]
    assert done == sorted(done)
    assert answered(by=unasked) == found


def test_an_interrupted_run_keeps_what_is_complete(tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "generating" and event.done > 250:
            raise Stopped

    with pytest.raises(Stopped):
        answered(stop, by=made_up)
    before = [json.loads(line) for line in kept(tmp_path).read_text().split("\n") if line]
    assert sum(len(ids) for _, _, ids in before) > 200
    asked: list[Question] = []

    def noted(*words: object) -> Generator[tuple[int, list[int]]]:
        folder, questions, *rest = words
        return made_up(folder, (asked.append(q) or q for q in questions), *rest)  # type: ignore

    found = answered(by=noted)
    assert all(ids in found for _, _, ids in before)
    assert len(found) == len(before) + len(asked)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(cut=st.integers(0, 2000))
def test_a_file_cut_anywhere_gives_the_same_answers(tmp_path: Path, cut: int) -> None:
    whole = answered(by=made_up)
    file = kept(tmp_path)
    data = file.read_bytes()
    file.write_bytes(data[: cut % (len(data) + 1)])
    assert answered(by=made_up) == whole
    assert answered(by=unasked) == whole


def test_two_runs_do_not_answer_for_the_same_model_at_once() -> None:
    def nested(*words: object) -> Generator[tuple[int, list[int]]]:
        with pytest.raises(ConversionError, match="wait for it"):
            answered(by=made_up)
        yield from made_up(*words)  # type: ignore[arg-type]

    answered(by=nested)


def test_another_folder_or_other_files_are_asked_again(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(DEMO, folder)
        choose_calibration(Source(folder), SELF, "gptq", made_up)
        add_coder_template(folder)
        choose_calibration(Source(folder), SELF, "gptq", made_up)
    assert len(list((tmp_path / "home" / "calibration").iterdir())) == 4


def test_every_kind_of_prompt_can_be_asked() -> None:
    kinds = json.loads(own_answers._PROMPTS.read_text(encoding="utf-8"))
    assert set(kinds) == {"answers", "thoughts", "calls"}
    asked = own_answers._questions()
    questions = [next(asked)[1] for _ in range(sum(map(len, kinds.values())))]
    assert {bool(question.tools) for question in questions} == {True, False}
    assert {question.thinks for question in questions} == {True, False}
    key, again = next(asked)
    assert (key, again.seed) == (own_answers.Key(1, 0), 1)


def test_no_prompt_is_part_of_a_text_that_measures() -> None:
    kinds = json.loads(own_answers._PROMPTS.read_text(encoding="utf-8"))
    measured = "".join(texts.load(None).documents) + (DEMO / texts.OWN).read_text()
    assert not [p for prompts in kinds.values() for p in prompts if p in measured]


def test_thoughts_and_calls_are_rendered_by_the_models_own_template(tmp_path: Path) -> None:
    """Coder has no switch for thoughts, and describes tools in XML."""
    folder = add_coder_template(shutil.copytree(DEMO, tmp_path / "coder"))
    decode = load_tokenizer(folder).decode
    asked = [question for _, question in islice(own_answers._questions(), 71)]
    some = [asked[0], asked[-13], asked[-1]]
    assert [(q.thinks, len(q.tools)) for q in some] == [(False, 0), (True, 0), (False, 1)]
    steps: list[int] = []
    made = answer(folder, iter([q._replace(most_tokens=4) for q in some]), ignore_2, steps.append)
    found = dict(made)
    assert set(found) == set(range(len(some)))
    for place, question in enumerate(some):
        text = decode(found[place])
        assert question.prompt in text
        assert ("<name>get_forecast</name>" in text) == bool(question.tools)
        assert "<think>" not in text.partition("assistant\n")[0]
    assert max(steps) >= sum(map(len, found.values())) / 2


def ignore_2(done: int, total: int) -> None:
    pass


def test_a_toy_calibrates_with_built_in_texts_and_a_real_model_with_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, events = Source(DEMO), list[Event]()
    assert source.config.num_parameters < REAL
    assert "built-in" in choose_calibration(source, None, "gptq", unasked).name
    monkeypatch.setattr("qwen3mlx_quantize.choices.REAL", 1_000_000)
    own = choose_calibration(source, None, "gptq", made_up)
    assert "own answers" in own.name
    assert (own.num_tokens >= 300, len(own.documents), len(own.digests)) == (True, 15, 15)
    assert "built-in" in choose_calibration(source, None, "mse", unasked).name  # auto

    def refuse(*_: object) -> Generator[tuple[int, list[int]]]:
        raise MemoryBudgetError("It needs 64 GB.")

    shutil.rmtree(state_home() / "calibration")
    found = choose_calibration(source, None, "gptq", refuse, events.append)
    assert "built-in" in found.name
    assert events == [JobWarning("It needs 64 GB: the built-in texts calibrate.")]
    with pytest.raises(MemoryBudgetError):
        choose_calibration(source, SELF, "gptq", refuse)


@pytest.mark.parametrize("name", ["Qwen3-Embedding-0.6B", "Qwen3-Reranker-0.6B-copy"])
def test_a_model_that_writes_no_answers_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("qwen3mlx_quantize.choices.REAL", 1)
    source, events = Source(shutil.copytree(DEMO, tmp_path / name)), list[Event]()
    assert "built-in" in choose_calibration(source, None, "gptq", unasked, events.append).name
    assert [e.message.partition(", ")[2] for e in events if isinstance(e, JobWarning)] == [
        "which writes no answers: the built-in texts calibrate."
    ]
    with pytest.raises(UsageError, match="give a text as --calibration"):
        choose_calibration(source, SELF, "gptq", unasked)


def test_python_without_an_engine_has_built_in_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwen3mlx_quantize.choices.REAL", 1)
    events: list[Event] = []
    assert "built-in" in choose_calibration(Source(DEMO), None, "gptq", None, events.append).name
    assert len(events) == 1
    with pytest.raises(UsageError, match="no model answer"):
        choose_calibration(Source(DEMO), SELF, "gptq", None)


def test_a_file_of_that_name_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "self").write_text("How many letters are in the word? " * 40)
    monkeypatch.chdir(tmp_path)
    assert "self" in choose_calibration(Source(DEMO), "./self", "gptq", unasked).name


def test_a_model_without_a_tokenizer_cannot_answer(tmp_path: Path) -> None:
    source = Source(write_checkpoint(tmp_path / "bare", DENSE))
    with pytest.raises(ConversionError, match=r"tokenizer\.json"):
        choose_calibration(source, SELF, "gptq", answer)


def test_card_and_manifest_say_what_calibrated(tmp_path: Path) -> None:
    source = write_checkpoint(tmp_path / "tiny", DENSE)
    shutil.copy(DEMO / "tokenizer.json", source)
    request = QuantizeRequest(
        source=source, output=tmp_path / "out", method="gptq", calibration=SELF, measure=False
    )
    events: list[Event] = []
    run(request, events.append, answer=made_up)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "tokens of the model's own answers to qwen3mlx's prompts" in card
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["calibration"]["text"] == "the model's own answers to qwen3mlx's prompts"
    assert len(manifest["calibration"]["documents"]) == 15
    dry = replace(request, output=tmp_path / "dry", calibration=None, dry_run=True)
    run(dry, answer=unasked)
