"""Events of answers -> a chat completion and its chunks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from qwen3mlx.events import Event, Finished, Prefill, Usage
from qwen3mlx.server.dialects.shared.completions.chat import ChatReply
from qwen3mlx.server.dialects.shared.completions.reply import ReplyOptions
from qwen3mlx.text import Content, Reasoning, ToolCallDelta

from .support import FINISHED, TIMINGS, alone, interleaved, stream, token


def options(**fields: Any) -> ReplyOptions:
    return ReplyOptions(model="demo", **fields)


def joined(chunks: list[dict[str, Any]], index: int) -> dict[str, Any]:
    """A message as a client puts it together."""
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "tool_calls": []}
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"] != index:
                continue
            delta = choice["delta"]
            for name in ("content", "reasoning_content"):
                message[name] += delta.get(name, "")
            for piece in delta.get("tool_calls", ()):
                if "id" in piece:
                    assert piece["index"] == len(message["tool_calls"])
                    call = {**piece, "function": {**piece["function"]}}
                    message["tool_calls"].append(call)
                else:
                    call = message["tool_calls"][piece["index"]]
                    call["function"]["arguments"] += piece["function"]["arguments"]
    return message


def from_events(events: list[tuple[int, Event]], index: int) -> dict[str, Any]:
    """Return the same from the events themselves."""
    own = [event for number, event in events if number == index]
    calls: list[dict[str, Any]] = []
    for event in own:
        if isinstance(event, ToolCallDelta):
            if event.id:
                function = {"name": event.name, "arguments": ""}
                call = {"id": event.id, "type": "function", "function": function}
                calls.append({"index": event.index, **call})
            calls[event.index]["function"]["arguments"] += event.arguments
    return {
        "content": "".join(event.text for event in own if isinstance(event, Content)),
        "reasoning_content": "".join(e.text for e in own if isinstance(e, Reasoning)),
        "tool_calls": calls,
    }


@given(st.integers(1, 3).flatmap(lambda n: st.tuples(st.just(n), interleaved(n))))
def test_joined_deltas_and_the_whole_reply_are_the_events(
    case: tuple[int, list[tuple[int, Event]]],
) -> None:
    num_answers, events = case
    reply = ChatReply(options(num_choices=num_answers, num_answers=num_answers))
    chunks = stream(reply, events)
    whole = reply.whole()
    ChatCompletion.model_validate(whole, strict=True)
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    for index, choice in enumerate(whole["choices"]):
        expected = from_events(events, index)
        assert joined(chunks, index) == expected
        message = choice["message"]
        assert (message["content"] or "") == expected["content"]
        assert message.get("reasoning_content", "") == expected["reasoning_content"]
        calls = [{"index": i, **call} for i, call in enumerate(message.get("tool_calls", ()))]
        assert calls == expected["tool_calls"]


@given(interleaved(2))
def test_every_choice_begins_with_its_role_and_ends_with_its_reason(
    events: list[tuple[int, Event]],
) -> None:
    chunks = stream(ChatReply(options(num_choices=2, num_answers=2)), events)
    for index in range(2):
        own = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == index]
        assert own[0]["delta"] == {"role": "assistant"}
        assert not any("role" in choice["delta"] for choice in own[1:])
        reasons = [choice["finish_reason"] for choice in own]
        assert not any(reasons[:-1])
        assert reasons[-1] in ("stop", "length", "tool_calls")


def test_content_is_null_only_beside_tool_calls() -> None:
    call = ToolCallDelta(0, "call_1", "f", "{}")
    cases: list[tuple[list[Event], str | None]] = [
        ([call, FINISHED], None),
        ([Content("x"), call, FINISHED], "x"),
        ([FINISHED], ""),
        ([Reasoning("hm"), FINISHED], ""),
    ]
    for events, content in cases:
        reply = ChatReply(options())
        stream(reply, alone(events))
        assert reply.whole()["choices"][0]["message"]["content"] == content


def test_a_call_names_itself_once() -> None:
    events: list[Event] = [
        ToolCallDelta(0, "call_1", "f", '{"a'),
        ToolCallDelta(0, None, None, '":1}'),
        ToolCallDelta(1, "call_2", "g", ""),
        FINISHED,
    ]
    chunks = stream(ChatReply(options()), alone(events))
    pieces = [piece for c in chunks for piece in c["choices"][0]["delta"].get("tool_calls", ())]
    assert pieces == [
        {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": ""},
        },
        {"index": 0, "function": {"arguments": '{"a'}},
        {"index": 0, "function": {"arguments": '":1}'}},
        {
            "index": 1,
            "id": "call_2",
            "type": "function",
            "function": {"name": "g", "arguments": ""},
        },
    ]


def test_usage_comes_last_when_asked_for() -> None:
    chunks = stream(ChatReply(options(include_usage=True)), alone([Content("x"), FINISHED]))
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 9,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    plain = stream(ChatReply(options()), alone([Content("x"), FINISHED]))
    assert not any("usage" in chunk for chunk in plain)


def test_a_shared_prompt_counts_once() -> None:
    reply = ChatReply(options(num_choices=2, num_answers=2))
    stream(reply, [(1, Finished("stop", Usage(7, 5, 7, 0), TIMINGS)), (0, FINISHED)])
    usage = reply.whole()["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (7, 14)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2


def test_timings_come_with_the_last_finish() -> None:
    reply = ChatReply(options(num_choices=2, num_answers=2, load_time_s=1.5))
    chunks = stream(reply, [(1, FINISHED), (0, Content("x")), (0, FINISHED)])
    assert ["timings" in chunk for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert (
        chunks[-1]["timings"]
        == reply.whole()["timings"]
        == {
            "load_ms": 1500.0,
            "prefill_tokens": 5,
            "prefill_ms": 500.0,
            "prefill_tokens_per_second": 10.0,
            "ttft_ms": 600.0,
            "decode_tokens": 16,
            "decode_ms": 2000.0,
            "decode_tokens_per_second": 8.0,
        }
    )


def test_prefill_makes_no_chunk() -> None:
    assert ChatReply(options()).add(0, Prefill(0, 9)) == []


def test_chunks_of_one_reply_share_their_head() -> None:
    reply = ChatReply(options())
    chunks = stream(reply, alone([Content("x"), FINISHED]))
    heads = {(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}
    assert len(heads) == 1
    assert chunks[0]["id"].startswith("chatcmpl-")
    assert ChatReply(options()).whole_object == "chat.completion"


def test_logprobs_stream_with_their_content() -> None:
    events: list[Event] = [token("<think>"), Reasoning("hm"), token("hm")]
    events += [token("</think>"), token("\n\n")]
    events += [token("He"), Content("He"), token("llo"), Content("llo"), token("<|im_end|>")]
    reply = ChatReply(options(logprobs=True))
    chunks = stream(reply, alone([*events, FINISHED]))
    streamed = [
        [entry["token"] for entry in choice["logprobs"]["content"]]
        for chunk in chunks
        if (choice := chunk["choices"][0])["logprobs"]
    ]
    assert streamed == [["He"], ["llo"]]
    whole = reply.whole()["choices"][0]["logprobs"]
    assert whole["refusal"] is None
    assert whole["content"][0] == {
        "token": "He",
        "logprob": -0.5,
        "bytes": [72, 101],
        "top_logprobs": [
            {"token": "He", "logprob": -0.5, "bytes": [72, 101]},
            {"token": "\\xe4", "logprob": -3.0, "bytes": [228]},
        ],
    }


def test_no_logprobs_for_newlines_behind_an_empty_thought() -> None:
    before = [token(text) for text in ("<think>", "\n\n", "</think>", "\n\n")]
    events: list[Event] = [*before, token("\n\n"), Content("\n\n")]
    events += [token("Hi"), Content("Hi"), FINISHED]
    reply = ChatReply(options(logprobs=True))
    chunks = stream(reply, alone(events))
    content = reply.whole()["choices"][0]["logprobs"]["content"]
    assert [entry["token"] for entry in content] == ["\n\n", "Hi"]
    choices = [chunk["choices"][0] for chunk in chunks]
    assert content == [x for one in choices if one["logprobs"] for x in one["logprobs"]["content"]]


def test_logprobs_are_null_when_not_asked_for() -> None:
    reply = ChatReply(options())
    stream(reply, alone([Content("x"), FINISHED]))
    assert reply.whole()["choices"][0]["logprobs"] is None


def test_a_custom_tools_call_has_its_input() -> None:
    reply = ChatReply(ReplyOptions(model="demo", custom_tools=["note"]))
    deltas: list[Event] = [
        ToolCallDelta(0, "call_1", "note", '{"input": "a\\n'),
        ToolCallDelta(0, None, None, 'b"}'),
        ToolCallDelta(1, "call_2", "note", "{}"),
        ToolCallDelta(2, "call_3", "other", "{}"),
    ]
    chunks = [chunk for delta in [*deltas, FINISHED] for chunk in reply.add(0, delta)]
    told = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert told == [
        {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "note", "input": ""}},
        {"index": 0, "custom": {"input": "a\n"}},
        {"index": 0, "custom": {"input": "b"}},
        {"index": 1, "id": "call_2", "type": "custom", "custom": {"name": "note", "input": ""}},
        {"index": 1, "custom": {"input": "{}"}},
        {"index": 2, "id": "call_3", "type": "function"}
        | {"function": {"name": "other", "arguments": ""}},
        {"index": 2, "function": {"arguments": "{}"}},
    ]
    message = reply.whole()["choices"][0]["message"]
    assert [call["custom"]["input"] for call in message["tool_calls"][:2]] == ["a\nb", "{}"]
