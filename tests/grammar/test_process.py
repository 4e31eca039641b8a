"""Grammars in separate processes: what they accept, their limits, and how they end."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import qwen3mlx
from qwen3mlx.errors import CheckpointError, InvalidRequestError, OverloadedError, UnavailableError
from qwen3mlx.grammar import AnswerConstraint, Demand, GrammarProcess, process
from qwen3mlx.grammar.wire import Limits
from qwen3mlx.request_warnings import collecting_warnings
from qwen3mlx.text import TextForm

from ..support.grammars import DEMO_ROWS, allowed, demo_words, refused

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "tags": {"type": "array", "uniqueItems": True}},
    "required": ["a"],
}
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}


LIMITS = Limits(compile_seconds=0.4)


def bomb(size: int = 30) -> dict[str, Any]:
    """A grammar for which one step of the library takes a power of `size`."""
    letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
    patterns = [f"a.*{letters[i]}.*{letters[i + 1]}" for i in range(size)]
    return {"type": "string", "allOf": [{"pattern": pattern} for pattern in patterns]}


@pytest.fixture(scope="module")
def running() -> Iterator[GrammarProcess]:
    folder = Path(qwen3mlx.__file__).parent / "demo" / "dense"
    ours = GrammarProcess(folder, DEMO_ROWS, demo_words().stop_ids, LIMITS)
    yield ours
    ours.close()


@pytest.fixture
def grammars(running: GrammarProcess) -> GrammarProcess:
    """Return the number of answers, without those of other tests."""
    gc.collect()  # pytest keeps what raised
    wait_for(lambda: running.process is None or not copies(running))
    return running


def end(grammars: GrammarProcess) -> None:
    """Kill the process as the system might."""
    if grammars.process is not None:
        grammars.process.kill()
        grammars.process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def copies(grammars: GrammarProcess) -> list[psutil.Process]:
    assert grammars.process is not None
    return [each for each in psutil.Process(grammars.process.pid).children() if _lives(each)]


def _lives(process: psutil.Process) -> bool:
    """False as well if it is gone since it was listed."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def ids_of(text: str) -> list[int]:
    return demo_words().tokenizer.encode(text)


def follows(constraint: AnswerConstraint, text: str) -> bool:
    return refused(constraint, ids_of(text)) is None  # type: ignore[arg-type]


def test_an_answer_is_held_to_its_schema(grammars: GrammarProcess) -> None:
    constraint = grammars.constraint(Demand(json_schema=SCHEMA))
    assert allowed(constraint.mask())
    assert follows(constraint, '{"a": "x", "tags": [')
    assert constraint.is_unchecked
    assert not follows(constraint, "}")


def test_an_announced_token_is_worked_on_at_once(grammars: GrammarProcess) -> None:
    one, other = (grammars.constraint(Demand(json_schema=SCHEMA)) for _ in range(2))
    for token_id in ids_of('{"a": "x"'):
        one.announce(token_id)
        assert one.observe(token_id) == other.observe(token_id) == 0
        assert one.mask() == other.mask()
    one.announce(ids_of("}")[0])
    with pytest.raises(InvalidRequestError):
        one.observe(ids_of(",")[0])


def test_grammars_that_are_large_together_are_not_taken(
    grammars: GrammarProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grammars.constraint(Demand(json_schema=SCHEMA))
    assert first.grown_bytes > 0
    monkeypatch.setattr(process, "MOST_BYTES", first.grown_bytes)
    with pytest.raises(OverloadedError, match="memory"):
        grammars.constraint(Demand(json_schema=SCHEMA))
    assert first.observe(ids_of("{")[0]) == 0
    monkeypatch.undo()
    grammars.constraint(Demand(json_schema=SCHEMA))


def test_a_value_that_fails_its_check_is_taken_back(grammars: GrammarProcess) -> None:
    constraint = grammars.constraint(Demand(json_schema=SCHEMA))
    *ids, last = ids_of('{"a": "x", "tags": [1, 1]}')
    assert [constraint.observe(each) for each in ids] == [0] * len(ids)
    assert constraint.observe(last) > 0
    mask = constraint.mask()
    assert mask is not None
    assert not mask[last // 8] >> last % 8 & 1


def test_tokens_of_free_text_ask_nobody(grammars: GrammarProcess) -> None:
    words = demo_words()
    demand = Demand(tools=[TOOL], call_ids=words.call_ids)
    constraint = grammars.constraint(demand)
    assert constraint.mask() is None
    (copy,) = copies(grammars)
    copy.suspend()
    for token_id in ids_of("Any text, and more of it."):
        assert constraint.observe(token_id) == 0
    copy.resume()
    constraint.observe(words.call_ids[0])
    assert allowed(constraint.mask()) == ids_of("\n")


@pytest.mark.parametrize(
    ("demand", "param"),
    [
        (Demand(json_schema={"type": "integer", "minimum": 2, "maximum": 1}), "response_format"),
        (Demand(form=TextForm("regex", "(", "guided_regex")), "guided_regex"),
        (Demand(form=TextForm("choice", ("a",) * 3, "guided_choice"), reasoning="off"), None),
        (Demand(json_schema={"a": object()}), "response_format"),
        (Demand(json_schema={"enum": ["x" * 300] * 10_000}), "response_format"),
        (Demand(json_schema={"enum": [0] * 3_000_000}), "response_format"),
        (Demand(form=TextForm("regex", "a" * 3_000_000, "guided_regex")), "guided_regex"),
        (Demand(json_schema={"type": "array", "minItems": float("nan")}), "response_format"),
    ],
    ids=["contradiction", "no regex", "fine", "no JSON", "long", "many", "regex", "NaN"],
)
def test_what_cannot_be_followed_is_refused_by_its_field(
    grammars: GrammarProcess, demand: Any, param: str
) -> None:
    if param is None:
        assert grammars.constraint(demand).mask()
        return
    with pytest.raises(InvalidRequestError, match=param) as refusal:
        grammars.constraint(demand)
    assert refusal.value.param == param


def test_what_is_not_enforced_is_said(
    grammars: GrammarProcess, caplog: pytest.LogCaptureFixture
) -> None:
    with collecting_warnings() as said:
        grammars.constraint(Demand(json_schema={"properties": {"a": {"enum": []}}}))
    assert said == ["response_format: properties/a/enum is not enforced."]


@pytest.mark.parametrize("where", ["$defs", "nested"])
def test_a_grammar_that_takes_too_much_is_refused_by_its_field(
    grammars: GrammarProcess, where: str
) -> None:
    schema: dict[str, Any] = {"items": {"prefixItems": [{}, bomb()]}}
    if where == "$defs":
        schema = {"$defs": {"b": bomb()}, "$ref": "#/properties/x/$defs/b"}
    parameters = {"type": "object", "properties": {"x": schema}}
    bad = {"type": "function", "function": {"name": "bad", "parameters": parameters}}
    with pytest.raises(InvalidRequestError, match=r"tools\[1\].function.parameters") as refusal:
        grammars.constraint(Demand(tools=[TOOL, bad], tool_choice="required"))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_neither_the_process_nor_ours_grows_meanwhile(grammars: GrammarProcess) -> None:
    grammars.constraint(Demand(json_schema=SCHEMA))
    assert grammars.process is not None
    before = psutil.Process().memory_info().rss
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            for copy in copies(grammars):
                with suppress(psutil.NoSuchProcess):
                    peak[0] = max(peak[0], copy.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(InvalidRequestError):
            grammars.constraint(Demand(json_schema=bomb(), strict=True))
    finally:
        done.set()
        watcher.join()
    shared = psutil.Process(grammars.process.pid).memory_info().rss
    assert peak[0] < shared + LIMITS.num_bytes * 1.1
    assert psutil.Process().memory_info().rss < before + (32 << 20)


def test_an_answer_that_becomes_too_costly_ends_alone(grammars: GrammarProcess) -> None:
    """What costs much comes behind a text that costs nothing."""
    late = {"type": "object", "properties": {"x": {"const": "y" * 50}, "z": bomb(18)}}
    late["required"] = ["x", "z"]
    other = grammars.constraint(Demand(json_schema=SCHEMA))
    with pytest.raises(InvalidRequestError, match="response_format") as refusal:  # noqa: PT012
        constraint = grammars.constraint(Demand(json_schema=late, strict=True))
        follows(constraint, json.dumps({"x": "y" * 50, "z": "abc" * 400}))
    assert refusal.value.param == "response_format"
    assert follows(other, '{"a": "x"}')


def test_a_copy_that_is_killed_ends_its_answer_alone(grammars: GrammarProcess) -> None:
    first = grammars.constraint(Demand(json_schema=SCHEMA))
    (copy,) = copies(grammars)
    second = grammars.constraint(Demand(json_schema=SCHEMA))
    copy.kill()
    for _ in range(2):
        with pytest.raises(InvalidRequestError, match="response_format"):
            first.observe(ids_of("{")[0])
    with pytest.raises(InvalidRequestError):
        first.mask()
    assert follows(second, '{"a": "x"}')


def test_the_process_is_started_again_when_it_was_killed(grammars: GrammarProcess) -> None:
    running = grammars.constraint(Demand(json_schema=SCHEMA))
    before = grammars.process
    end(grammars)
    assert grammars.constraint(Demand(json_schema=SCHEMA)).mask()
    assert grammars.process is not before
    assert follows(running, '{"a": "x"}')


def test_a_copy_ends_with_its_answer(grammars: GrammarProcess) -> None:
    constraint = grammars.constraint(Demand(json_schema=SCHEMA))
    assert len(copies(grammars)) == 1
    del constraint
    wait_for(lambda: not copies(grammars))


def test_the_processes_end_when_nobody_holds_them() -> None:
    folder = Path(qwen3mlx.__file__).parent / "demo" / "dense"
    ours = GrammarProcess(folder, DEMO_ROWS, demo_words().stop_ids)
    constraint = ours.constraint(Demand(json_schema=SCHEMA))
    child = ours.process
    assert child is not None
    pids = [child.pid, *(each.pid for each in copies(ours))]
    del ours, constraint
    wait_for(lambda: not any(map(psutil.pid_exists, pids)))


def test_one_process_serves_all_threads(grammars: GrammarProcess) -> None:
    end(grammars)
    results: list[AnswerConstraint] = []
    demand = Demand(json_schema=SCHEMA)
    threads = [
        threading.Thread(target=lambda: results.append(grammars.constraint(demand)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(copies(grammars)) == 4


def test_there_are_not_more_answers_than_fit(
    grammars: GrammarProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MOST_ANSWERS", 2)
    held = [grammars.constraint(Demand(json_schema=SCHEMA)) for _ in range(2)]
    with pytest.raises(OverloadedError):
        grammars.constraint(Demand(json_schema=SCHEMA))
    held.pop()
    assert grammars.constraint(Demand(json_schema=SCHEMA)).mask()


def test_a_slow_compile_is_a_line_in_the_log(
    grammars: GrammarProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SLOW_SECONDS", 0)
    with caplog.at_level("INFO", "qwen3mlx"):
        grammars.constraint(Demand(json_schema=SCHEMA))
    assert "The grammar for response_format took" in caplog.text


def test_the_child_gets_no_secret_and_no_folder_of_ours(
    grammars: GrammarProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s")
    end(grammars)
    grammars.constraint(Demand(json_schema=SCHEMA))
    assert grammars.process is not None
    child = psutil.Process(grammars.process.pid)
    assert child.cwd() == "/"
    assert "SECRET_KEY" not in child.environ()


def test_a_folder_that_went_away_is_named(tmp_path: Path) -> None:
    ours = GrammarProcess(tmp_path / "gone", DEMO_ROWS, [])
    with pytest.raises(CheckpointError, match="gone was moved or deleted"):
        ours.constraint(Demand(json_schema=SCHEMA))
    assert ours.process is None


def test_what_is_closed_ends_its_answers_and_takes_no_more() -> None:
    folder = Path(qwen3mlx.__file__).parent / "demo" / "dense"
    ours = GrammarProcess(folder, DEMO_ROWS, demo_words().stop_ids)
    constraint = ours.constraint(Demand(json_schema=SCHEMA))
    ours.close()
    with pytest.raises(InvalidRequestError):
        constraint.observe(ids_of("{")[0])
    with pytest.raises(UnavailableError):
        ours.constraint(Demand(json_schema=SCHEMA))
