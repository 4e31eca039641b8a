"""Events of an answer -> the events of a response."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.events import Event, Prefill, TokenLogprob
from qwen3mlx.server.dialects.shared.sealed import unseal
from qwen3mlx.server.http.errors import api_error
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

from .support import Json, finished, read, write, writer

THOUGHT = [Reasoning("Let me "), Reasoning("see.")]
ANSWER = [Content("It is "), Content("four.")]
CALLS = [
    ToolCallDelta(0, "call_a", "add", '{"a": '),
    ToolCallDelta(0, None, None, "1}"),
    ToolCallDelta(1, "call_b", "now", "{}"),
]


def types(events: list[Json]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def kinds(response: Json) -> list[str]:
    return [item["type"] for item in response["output"]]


def test_the_events_of_a_summary() -> None:
    asked = {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}
    events, response = write([*THOUGHT, *ANSWER, finished()], **asked)
    assert types(events)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    assert events[3]["part"] == {"type": "summary_text", "text": ""}
    assert [event["summary_index"] for event in events[3:8]] == [0] * 5
    assert not any("content_index" in event for event in events[3:8])
    thought = response["output"][0]
    assert thought["summary"] == [{"type": "summary_text", "text": "Let me see."}]
    assert "content" not in thought
    assert unseal(thought["encrypted_content"]) == "Let me see."
    assert read(events).output == response["output"]


def test_the_events_of_a_thought_and_an_answer() -> None:
    events, response = write([*THOUGHT, *ANSWER, finished()])
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "reasoning.delta",
        "reasoning.delta",
        "reasoning.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    reasoning, message = response["output"]
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "Let me see."}]
    assert reasoning["summary"] == []
    assert message["content"] == [
        {"type": "output_text", "text": "It is four.", "annotations": [], "logprobs": []}
    ]
    assert {item["status"] for item in response["output"]} == {"completed"}


def test_each_call_is_an_item_of_its_own() -> None:
    events, response = write([*CALLS, finished("tool_calls")])
    assert types(events)[2:7] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    first, second = response["output"]
    assert (first["call_id"], first["name"], first["arguments"]) == ("call_a", "add", '{"a": 1}')
    assert (second["call_id"], second["name"], second["arguments"]) == ("call_b", "now", "{}")
    assert response["status"] == "completed"
    added = next(event for event in events if event["type"] == "response.output_item.added")
    assert (added["item"]["name"], added["item"]["arguments"]) == ("add", "")


def test_usage_and_times() -> None:
    events, response = write([*ANSWER, finished()])
    assert response["usage"] == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
    assert events[0]["response"]["usage"] is None
    assert response["completed_at"] >= response["created_at"]


def test_an_answer_cut_off_is_incomplete() -> None:
    events, response = write([*THOUGHT, Content("It"), finished("length")])
    assert events[-1]["type"] == "response.incomplete"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["completed_at"] is None
    assert [item["status"] for item in response["output"]] == ["completed", "incomplete"]


def test_a_thought_cut_off_brings_no_message() -> None:
    _, response = write([*THOUGHT, finished("length")])
    assert kinds(response) == ["reasoning"]


@pytest.mark.parametrize("events", [[], THOUGHT])
def test_an_answer_without_words_is_an_empty_message(events: list[Event]) -> None:
    written, response = write([*events, finished()])
    assert response["output"][-1]["content"][0]["text"] == ""
    read(written)


def test_a_fault_is_an_error_and_a_failed_response() -> None:
    one = writer()
    one.start()
    events: list[Event] = [*THOUGHT, Content("It is")]
    for event in events:
        one.add(event)
    error, failed = one.fail(api_error(503, "The engine was stopped.", code="engine_closed"))
    assert error["type"] == "error"
    assert error["error"]["message"] == "The engine was stopped."
    assert failed["type"] == "response.failed"
    assert failed["sequence_number"] == error["sequence_number"] + 1
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {
        "code": "engine_closed",
        "message": "The engine was stopped.",
    }
    assert kinds(failed["response"]) == ["reasoning"]


def test_sealed_thinking_is_sent_once_the_thought_is_complete() -> None:
    events, response = write(
        [*THOUGHT, *ANSWER, finished()], include=["reasoning.encrypted_content"]
    )
    assert unseal(response["output"][0]["encrypted_content"]) == "Let me see."
    assert "encrypted_content" not in events[2]["item"]


def test_thinking_is_not_sealed_unasked() -> None:
    _, response = write([*THOUGHT, *ANSWER, finished()])
    assert "encrypted_content" not in response["output"][0]


def test_logprobs_are_those_of_the_message_only() -> None:
    def token(text: str) -> TokenLogprob:
        return TokenLogprob(1, text.encode(), -0.5, ((1, text.encode(), -0.5), (2, b"x", -2.0)))

    tokens: list[Event] = [
        *(token("<think>"), token("Hm"), Reasoning("Hm"), token("</think>"), token("\n\n")),
        *(token("It"), Content("It"), token(" is"), Content(" is"), token("<|im_end|>")),
    ]
    events, response = write([*tokens, finished()])
    (part,) = response["output"][1]["content"]
    assert [one["token"] for one in part["logprobs"]] == ["It", " is"]
    assert part["logprobs"][0] == {
        "token": "It",
        "logprob": -0.5,
        "bytes": list(b"It"),
        "top_logprobs": [
            {"token": "It", "logprob": -0.5, "bytes": list(b"It")},
            {"token": "x", "logprob": -2.0, "bytes": list(b"x")},
        ],
    }
    deltas = [event for event in events if event["type"] == "response.output_text.delta"]
    assert [one["token"] for delta in deltas for one in delta["logprobs"]] == ["It", " is"]
    done = next(event for event in events if event["type"] == "response.output_text.done")
    assert done["logprobs"] == part["logprobs"]


def test_no_logprobs_for_newlines_behind_an_empty_thought() -> None:
    texts = ("<think>", "\n\n", "</think>", "\n\n", "\n\n", "Hi")
    tokens = [TokenLogprob(1, text.encode(), -index, ()) for index, text in enumerate(texts)]
    events: list[Event] = [*tokens[:5], Content("\n\n"), tokens[5], Content("Hi"), finished()]
    (message,) = write(events)[1]["output"]
    assert [one["logprob"] for one in message["content"][0]["logprobs"]] == [-4, -5]


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Any order of thoughts, text and calls; the pieces of a call come one after the other."""
    events: list[Event] = [Prefill(0, 9), Prefill(9, 9)]
    num_calls = 0
    for kind in draw(st.lists(st.sampled_from(["reasoning", "content", "call"]), max_size=8)):
        pieces = draw(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4))
        if kind == "reasoning":
            events += map(Reasoning, pieces)
        elif kind == "content":
            events += map(Content, pieces)
        else:
            first = draw(st.sampled_from(["", "{"]))
            events.append(ToolCallDelta(num_calls, f"call_{num_calls}", "f", first))
            events += [ToolCallDelta(num_calls, None, None, piece) for piece in pieces]
            num_calls += 1
    reason: Any = draw(st.sampled_from(["stop", "length", "tool_calls"]))
    return [*events, finished(reason)]


@given(answers())
def test_every_stream_is_well_nested_and_says_what_the_response_says(events: list[Event]) -> None:
    written, response = write(events)
    reader = read(written)
    assert reader.response == response
    assert [item["type"] for item in reader.output] == kinds(response)
    assert response["output"] or response["status"] == "incomplete"


@given(answers())
def test_nothing_is_lost_and_nothing_is_added(events: list[Event]) -> None:
    _, response = write(events)

    def texts(kind: str) -> str:
        items = [item for item in response["output"] if item["type"] == kind]
        return "".join(item.get("arguments") or item["content"][0]["text"] for item in items)

    assert texts("reasoning") == "".join(e.text for e in events if isinstance(e, Reasoning))
    assert texts("message") == "".join(e.text for e in events if isinstance(e, Content))
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert texts("function_call") == "".join(call.arguments for call in calls)
    ids = [item["call_id"] for item in response["output"] if item["type"] == "function_call"]
    assert ids == [call.id for call in calls if call.id]


@given(answers(), st.integers(0, 40))
def test_a_fault_at_any_point_leaves_a_stream_that_ends(events: list[Event], place: int) -> None:
    one = writer()
    written = one.start()
    for event in events[: min(place, len(events) - 1)]:
        written += one.add(event)
    written += one.fail(api_error(500, "It broke."))
    assert [event["sequence_number"] for event in written] == list(range(len(written)))
    assert types(written)[-2:] == ["error", "failed"]
    done = [e["item"] for e in written if e["type"] == "response.output_item.done"]
    assert one.response["output"] == done
