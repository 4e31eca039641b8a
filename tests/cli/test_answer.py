from __future__ import annotations

import json

import pytest

from qwen3mlx.cli.answer import Answer, collect, stats_line, until
from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.events import Finished
from qwen3mlx.text import Content

from .support import ANSWER, FINISHED, TIMINGS, USAGE, Recorder, Script


class Button:
    pressed = False


def test_collect_shows_and_gathers() -> None:
    view, script = Recorder(), Script(ANSWER)
    answer = collect(script, view)
    assert answer == Answer("Hi there", "hm", FINISHED)
    kinds = [kind for kind, _ in view.seen]
    assert kinds == ["prefill", "reasoning", "content", "content"]
    assert view.closed == 1
    assert script.closed


def test_an_error_in_the_middle_closes_the_view_and_the_request() -> None:
    view, script = Recorder(), Script([Content("a"), InvalidRequestError("no")])
    with pytest.raises(InvalidRequestError):
        collect(script, view)
    assert view.closed == 1
    assert script.closed


def test_until_ends_after_the_event_that_came_when_it_was_pressed() -> None:
    button, script = Button(), Script([Content("a"), Content("b"), Content("c")])
    seen = []
    for event in until(button, script):
        seen.append(event)
        button.pressed = event == Content("b")
    assert seen == [Content("a"), Content("b")]
    assert script.closed


def test_json_has_exactly_the_contract_s_fields() -> None:
    value = Answer("Hi", "hm", FINISHED).as_json()
    assert json.loads(json.dumps(value)) == value
    assert list(value) == [
        "content",
        "reasoning_content",
        "finish_reason",
        "usage",
        "timings",
    ]
    assert value["usage"]["cached_tokens"] == 1000
    assert value["timings"]["prefill_tps"] == 400.0
    assert value["timings"]["ttft_s"] == 0.6
    assert Answer("Hi", "", FINISHED).as_json()["reasoning_content"] is None


def test_stats_line() -> None:
    assert stats_line(Answer("Hi", "hm", Finished("length", USAGE, TIMINGS))) == (
        "prompt 1,200 tokens (1,000 cached) at 400.0/s; first token after 0.60 s; "
        "answer 30 tokens (20 thinking) at 14.5/s; length"
    )
    assert "interrupted" in stats_line(Answer("Hi", "", None))
