"""Events of an answer -> Anthropic's message and its stream, read back by its own client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from qwen3mlx.events import Event, Finished, Prefill, Timings, TokenLogprob, Usage
from qwen3mlx.server.dialects.anthropic.stream import MessageWriter
from qwen3mlx.server.dialects.shared.sealed import unseal
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

Json = dict[str, Any]

TIMINGS = Timings(0.5, 0.6, 2.0, 5, 8)
USAGE = Usage(prompt_tokens=7, completion_tokens=9, cached_tokens=2, reasoning_tokens=3)
STREAM_EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)
REASONS = st.sampled_from(["stop", "length", "tool_calls"])
TEXTS = st.lists(st.text(min_size=1, max_size=4), max_size=3)
OBJECTS = ['{"zone": "UTC"}', "{}", '{"a": {"b": [1, "ä"]}, "c": null}', '{"a": 1, "b": "cut']


def finished(reason: Any = "stop", stop_string: str | None = None, usage: Usage = USAGE) -> Event:
    return Finished(reason, usage, TIMINGS, stop_string)


def written(
    events: Sequence[Event], max_tokens: int | None = 9, **options: Any
) -> tuple[list[Json], Json]:
    """The events of the stream, and the message that was written meanwhile."""
    writer = MessageWriter("demo", 7, max_tokens, **options)
    stream = [*writer.start(), *(sent for event in events for sent in writer.add(event))]
    return stream, writer.message


def read_back(stream: Sequence[Json]) -> Message:
    """Return the client's result for a stream."""
    message: Any = None
    buffers: dict[int, bytes] = {}
    for event in stream:
        if event["type"] != "ping":
            parsed = STREAM_EVENT.validate_python(event)
            message = accumulate_event(event=parsed, current_snapshot=message, json_bufs=buffers)
    return Message.model_validate(message.to_dict())


@st.composite
def calls(draw: st.DrawFn, index: int) -> list[Event]:
    rest = draw(st.sampled_from(OBJECTS))
    pieces = draw(st.sampled_from([[], [""]]))[:]
    while rest:
        size = draw(st.integers(1, len(rest)))
        pieces.append(rest[:size])
        rest = rest[size:]
    first = ToolCallDelta(index, f"call_{index}", f"f{index}", pieces[0])
    return [first, *(ToolCallDelta(index, None, None, piece) for piece in pieces[1:])]


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Thinking, content and calls in the order that they can come in."""
    events: list[Event] = [Prefill(0, 7), Prefill(7, 7)]
    events += [Reasoning(text) for text in draw(TEXTS)]
    for index in range(draw(st.integers(0, 3))):
        events += [Content(text) for text in draw(TEXTS)]
        events += draw(calls(index))
    events += [TokenLogprob(1, b"x", -0.5, ()), *(Content(text) for text in draw(TEXTS))]
    stop_string = draw(st.sampled_from([None, "END"]))
    return [*events, finished(draw(REASONS), stop_string)]


@given(answers())
def test_the_client_reads_the_message_that_is_sent_whole(events: list[Event]) -> None:
    stream, message = written(events)
    assert read_back(stream) == Message.model_validate(message)


@given(answers(), st.booleans())
def test_blocks_count_up_and_never_overlap(events: list[Event], show_thinking: bool) -> None:
    stream, message = written(events, show_thinking=show_thinking)
    kinds = [event["type"] for event in stream]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert stream[0]["message"]["content"] == []
    open_block, num_blocks = None, 0
    for event in stream[2:-2]:
        if event["type"] == "content_block_start":
            assert open_block is None
            assert event["index"] == num_blocks
            open_block, num_blocks = num_blocks, num_blocks + 1
        else:
            assert event["index"] == open_block
            if event["type"] == "content_block_stop":
                open_block = None
    assert open_block is None
    assert num_blocks == len(message["content"])


@given(answers())
def test_nothing_is_lost(events: list[Event]) -> None:
    stream, message = written(events)
    deltas = [event["delta"] for event in stream if event["type"] == "content_block_delta"]

    def joined(field: str) -> str:
        return "".join(delta.get(field, "") for delta in deltas)

    def of(kind: type[Any]) -> list[Any]:
        return [event for event in events if isinstance(event, kind)]

    thoughts = "".join(event.text for event in of(Reasoning))
    content = "".join(event.text for event in of(Content))
    assert joined("thinking") == thoughts
    assert joined("text") == content
    assert joined("partial_json") == "".join(event.arguments for event in of(ToolCallDelta))
    blocks = message["content"]
    assert "".join(block.get("thinking", "") for block in blocks) == thoughts
    assert "".join(block.get("text", "") for block in blocks) == content
    assert [block["name"] for block in blocks if block["type"] == "tool_use"] == [
        event.name for event in of(ToolCallDelta) if event.id
    ]


@pytest.mark.parametrize(
    ("last", "max_tokens", "reason", "stop_sequence"),
    [
        (finished(), 9, "end_turn", None),
        (finished(stop_string="END"), 9, "stop_sequence", "END"),
        (finished("tool_calls"), 9, "tool_use", None),
        (finished("tool_calls", "END"), 9, "tool_use", None),
        (finished("length"), 9, "max_tokens", None),
        (finished("length"), 10, "model_context_window_exceeded", None),
        (finished("length"), None, "model_context_window_exceeded", None),
    ],
)
def test_stop_reasons(
    last: Event, max_tokens: int | None, reason: str, stop_sequence: str | None
) -> None:
    stream, message = written([Content("x"), last], max_tokens)
    [end] = [event["delta"] for event in stream if event["type"] == "message_delta"]
    assert (end["stop_reason"], end["stop_sequence"]) == (reason, stop_sequence)
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, stop_sequence)


def test_cached_tokens_are_counted_apart() -> None:
    stream, message = written([Content("x"), finished()])
    assert stream[0]["message"]["usage"]["input_tokens"] == 7
    assert stream[-2]["usage"] == message["usage"]
    usage = message["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (5, 2)
    assert usage["output_tokens"] == 9
    assert usage["output_tokens_details"] == {"thinking_tokens": 3}


def test_without_cache_control_the_prompt_is_input() -> None:
    _, message = written([Content("x"), finished()], counts_cache=False)
    assert message["usage"]["input_tokens"] == 7
    assert message["usage"]["cache_read_input_tokens"] is None


def test_thinking_that_is_not_shown_is_in_the_signature() -> None:
    events: list[Event] = [Reasoning("Hm…"), Reasoning(" yes"), Content("Yes."), finished()]
    stream, message = written(events, show_thinking=False)
    assert not [event for event in stream if event.get("delta", {}).get("thinking")]
    hidden, shown = message["content"][0], written(events)[1]["content"][0]
    assert hidden["thinking"] == ""
    assert unseal(hidden["signature"]) == "Hm… yes"
    assert shown["thinking"] == "Hm… yes"
    assert shown["signature"]
    assert read_back(stream) == Message.model_validate(message)


def test_an_answer_without_a_word_is_an_empty_text() -> None:
    stream, message = written([Prefill(7, 7), finished()])
    assert message["content"] == [{"type": "text", "text": "", "citations": []}]
    assert read_back(stream) == Message.model_validate(message)


def test_ids_are_anthropics() -> None:
    call = ToolCallDelta(0, "call_0123abc", "clock", "{}")
    _, message = written([call, finished("tool_calls")])
    assert message["id"].startswith("msg_")
    assert message["content"][0]["id"] == "toolu_0123abc"
