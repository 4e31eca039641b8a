"""Events -> records: a stream adds up to the answer that is not streamed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ollama import ChatResponse, GenerateResponse

from qwen3mlx.events import Event, Finished, Prefill, Timings, TokenLogprob, Usage
from qwen3mlx.server.dialects.ollama.response import Records, chat_fields, generate_fields
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

TIMINGS = Timings(prefill_s=0.5, ttft_s=0.6, decode_s=2.0, prefill_tokens=5, decode_tokens=8)
FINISHED = Finished("stop", Usage(7, 9, 2, 3), TIMINGS)
TEXTS = st.text(max_size=4).filter(bool)
ARGUMENTS = st.dictionaries(st.text(max_size=2), st.integers() | st.text(max_size=2), max_size=2)


def records(events: Sequence[Event], fields: Any = chat_fields) -> tuple[list[Any], Any]:
    """Return the stream of `events`, and the whole answer."""
    answer = Records("demo", fields, started=0.0, load_s=None)
    told = [record for event in events for record in answer.add(event)]
    return told, answer.whole()


def cut(text: str, at: Sequence[int]) -> list[str]:
    bounds = [0, *sorted(at), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(bounds)]


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Thinking, then content and calls mixed, a token's logprob anywhere."""
    events: list[Event] = [Prefill(0, 7), Prefill(7, 7)]
    events += [Reasoning(text) for text in draw(st.lists(TEXTS, max_size=3))]
    for index in range(draw(st.integers(0, 3))):
        events += [Content(text) for text in draw(st.lists(TEXTS, max_size=2))]
        whole = json.dumps(draw(ARGUMENTS))
        at = st.lists(st.integers(0, len(whole)), max_size=2)
        first, *rest = cut(whole, draw(at))
        events.append(ToolCallDelta(index, f"call_{index}", f"f{index}", first))
        events += [ToolCallDelta(index, None, None, piece) for piece in rest]
    events += [Content(text) for text in draw(st.lists(TEXTS, max_size=3))]
    if draw(st.booleans()):
        for _ in range(draw(st.integers(0, 3))):
            events.insert(draw(st.integers(2, len(events))), token("x", draw(st.floats(-9, 0))))
        events.append(token("<|im_end|>", -0.1))
    return [*events, FINISHED]


def token(text: str, logprob: float) -> TokenLogprob:
    return TokenLogprob(1, text.encode(), logprob, ((1, text.encode(), logprob), (2, b"\xe4", -3)))


@given(answers())
def test_a_stream_adds_up_to_the_whole_answer(events: list[Event]) -> None:
    told, whole = records(events)
    messages = [record["message"] for record in told]
    assert whole["message"]["content"] == "".join(message["content"] for message in messages)
    assert whole["message"].get("thinking", "") == "".join(m.get("thinking", "") for m in messages)
    calls = [call for message in messages for call in message.get("tool_calls", [])]
    assert whole["message"].get("tool_calls", []) == calls
    entries = [entry for record in told for entry in record.get("logprobs", [])]
    assert whole.get("logprobs", []) == entries
    assert [record["done"] for record in told] == [False] * (len(told) - 1) + [True]


@given(answers())
def test_nothing_of_an_answer_is_lost(events: list[Event]) -> None:
    _, whole = records(events)
    message = whole["message"]
    assert message["content"] == "".join(e.text for e in events if isinstance(e, Content))
    arguments: dict[int, str] = {}
    for event in events:
        if isinstance(event, ToolCallDelta):
            arguments[event.index] = arguments.get(event.index, "") + event.arguments
    functions = [call["function"] for call in message.get("tool_calls", [])]
    assert [function["arguments"] for function in functions] == [
        json.loads(text) for text in arguments.values()
    ]
    assert [function["index"] for function in functions] == list(range(len(arguments)))
    tokens = [event.logprob for event in events if isinstance(event, TokenLogprob)]
    assert [entry["logprob"] for entry in whole.get("logprobs", [])] == tokens[:-1]


@given(answers())
def test_the_client_reads_every_record(events: list[Event]) -> None:
    told, whole = records(events)
    for record in [*told, whole]:
        ChatResponse(**json.loads(json.dumps(record, allow_nan=False)))
    texts = [event for event in events if not isinstance(event, ToolCallDelta)]
    told, whole = records(texts, generate_fields)
    assert whole["response"] == "".join(record["response"] for record in told)
    for record in [*told, whole]:
        GenerateResponse(**json.loads(json.dumps(record, allow_nan=False)))


def test_the_last_record_has_counts_and_nanoseconds() -> None:
    _, whole = records([Content("Hi"), FINISHED])
    total = whole.pop("total_duration")
    assert total > 0
    del whole["created_at"]
    assert whole == {
        "model": "demo",
        "message": {"role": "assistant", "content": "Hi"},
        "done": True,
        "done_reason": "stop",
        "load_duration": 0,
        "prompt_eval_count": 7,
        "prompt_eval_duration": 500_000_000,
        "eval_count": 9,
        "eval_duration": 2_000_000_000,
    }


@pytest.mark.parametrize(
    ("finish_reason", "done_reason"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "stop")],
)
def test_done_reason(finish_reason: Any, done_reason: str) -> None:
    _, whole = records([Finished(finish_reason, Usage(1, 1, 0, 0), TIMINGS)])
    assert whole["done_reason"] == done_reason


def test_a_call_is_sent_whole_and_before_what_follows_it() -> None:
    events: list[Event] = [
        ToolCallDelta(0, "call_a", "clock", '{"zone"'),
        ToolCallDelta(0, None, None, ': "UTC"}'),
        ToolCallDelta(1, "call_b", "sum", "{}"),
        Content("Done."),
        FINISHED,
    ]
    told, _ = records(events)
    assert [record["message"].get("tool_calls") for record in told] == [
        [{"id": "call_a", "function": {"index": 0, "name": "clock", "arguments": {"zone": "UTC"}}}],
        [{"id": "call_b", "function": {"index": 1, "name": "sum", "arguments": {}}}],
        None,
        None,
    ]
    assert told[2]["message"]["content"] == "Done."


@pytest.mark.parametrize(
    ("arguments", "complete"),
    [
        ('{"zone": "UTC", "x": "U', {"zone": "UTC"}),
        ('{"x": 1e999}', {"x": None}),
        ('{"x": NaN}', {"x": None}),
        ("[1]", {}),
        ("", {}),
    ],
)
def test_a_call_that_is_cut_short_has_what_is_complete_of_it(arguments: str, complete: Any) -> None:
    told, whole = records([ToolCallDelta(0, "call_a", "clock", arguments), FINISHED])
    function = {"index": 0, "name": "clock", "arguments": complete}
    for message in (whole["message"], told[0]["message"]):
        assert message["tool_calls"] == [{"id": "call_a", "function": function}]
        assert message["content"] == ""


def test_logprobs_of_bytes_and_of_tokens_that_cannot_come() -> None:
    impossible = TokenLogprob(5, b"\xe4\xbd", float("-inf"), ((6, b"a", -1.0),))
    told, _ = records([impossible, Reasoning("…"), FINISHED])
    assert told[0]["logprobs"] == [
        {
            "token": "�",
            "logprob": -9999.0,
            "bytes": [0xE4, 0xBD],
            "top_logprobs": [{"token": "a", "logprob": -1.0, "bytes": [97]}],
        }
    ]
    assert "logprobs" not in told[1]
