"""`/v1/chat/completions` with OpenAI's own client."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from qwen3mlx.server.dialects.shared.completions.schemas import ChatBody

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
COUNT: list[Any] = [{"role": "user", "content": 'How many "r" are in "strawberry"?'}]
NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "maxLength": 12},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
CLOCK: Any = {"type": "function", "function": {"name": "clock", "description": "The time"}}


def test_an_answer_thinks_then_speaks(client: OpenAI) -> None:
    reply = client.chat.completions.create(model="demo", messages=COUNT, temperature=0)
    choice = reply.choices[0]
    assert reply.model == "demo"
    assert choice.finish_reason == "stop"
    assert choice.message.content
    assert choice.message.reasoning_content  # type: ignore[attr-defined]
    assert "<think>" not in choice.message.content
    usage = reply.usage
    assert usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.completion_tokens_details
    assert 0 < (usage.completion_tokens_details.reasoning_tokens or 0) < usage.completion_tokens
    timings = reply.timings  # type: ignore[attr-defined]
    assert timings["decode_tokens"] == usage.completion_tokens - 1
    assert timings["ttft_ms"] > 0


def test_a_second_turn_finds_the_first_in_the_cache(client: OpenAI) -> None:
    messages = [{"role": "user", "content": "Spell 'cache' for me, please."}]
    first = client.chat.completions.create(model="demo", messages=messages, temperature=0)  # type: ignore[arg-type]
    messages.append({"role": "assistant", "content": first.choices[0].message.content or ""})
    messages.append({"role": "user", "content": "Once more."})
    second = client.chat.completions.create(model="demo", messages=messages, temperature=0)  # type: ignore[arg-type]
    assert first.usage
    assert second.usage
    assert second.usage.prompt_tokens_details
    assert (second.usage.prompt_tokens_details.cached_tokens or 0) >= first.usage.prompt_tokens - 8


@pytest.mark.parametrize(
    "extra",
    [
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"enable_thinking": False},
        {"reasoning_effort": "none"},
        {"thinking_budget": 0},
    ],
)
def test_thinking_switched_off(client: OpenAI, extra: dict[str, Any]) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, temperature=0, extra_body=extra
    )
    assert reply.choices[0].message.content
    assert not hasattr(reply.choices[0].message, "reasoning_content")
    assert reply.usage
    assert reply.usage.completion_tokens_details
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0


def test_a_stream_is_the_same_answer(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="demo", messages=HELLO, temperature=0)
    content = reasoning = ""
    reasons, usages = [], []
    with client.chat.completions.create(
        model="demo",
        messages=HELLO,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        for chunk in stream:
            usages.append(chunk.usage)
            for choice in chunk.choices:
                content += choice.delta.content or ""
                reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                reasons.append(choice.finish_reason)
    assert content == whole.choices[0].message.content
    assert reasoning == whole.choices[0].message.reasoning_content  # type: ignore[attr-defined]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert usages[:-1] == [None] * (len(usages) - 1)
    assert usages[-1]
    assert whole.usage
    assert usages[-1].completion_tokens == whole.usage.completion_tokens


def test_a_stream_on_the_wire(http: httpx.Client) -> None:
    body = {"model": "demo", "messages": HELLO, "stream": True, "max_tokens": 4}
    reply = http.post("/chat/completions", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [block for block in reply.text.split("\n\n") if block]
    assert events[0].startswith(": prefill ")
    data = [event.removeprefix("data: ") for event in events if not event.startswith(":")]
    assert data[-1] == "[DONE]"
    chunks = [json.loads(one) for one in data[:-1]]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant"}
    assert "timings" in chunks[-1]
    assert "usage" not in chunks[-1]


def test_the_async_client_runs_several_at_once(server: Any) -> None:
    async def ask(client: AsyncOpenAI) -> str:
        stream = await client.chat.completions.create(
            model="demo", messages=HELLO, temperature=0, stream=True
        )
        parts = [choice.delta.content or "" async for chunk in stream for choice in chunk.choices]
        return "".join(parts)

    async def main() -> list[str]:
        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="x") as client:
            return await asyncio.gather(*(ask(client) for _ in range(4)))

    answers = asyncio.run(main())
    assert answers[0]
    assert len(set(answers)) == 1


def test_n_answers_are_those_of_their_seeds(client: OpenAI) -> None:
    def contents(n: int, seed: int) -> list[str | None]:
        reply = client.chat.completions.create(
            model="demo",
            messages=HELLO,
            n=n,
            seed=seed,
            temperature=5,
            top_p=1,
            max_tokens=12,
            extra_body={"top_k": 0, **NO_THINKING},
        )
        assert [choice.index for choice in reply.choices] == list(range(n))
        return [choice.message.content for choice in reply.choices]

    together = contents(3, 5)
    assert together == [contents(1, seed)[0] for seed in (5, 6, 7)]
    assert len(set(together)) > 1


def test_n_streams_are_indexed(client: OpenAI) -> None:
    texts = {0: "", 1: ""}
    reasons: dict[Any, Any] = {}
    with client.chat.completions.create(
        model="demo", messages=HELLO, n=2, temperature=0, stream=True, extra_body=NO_THINKING
    ) as stream:
        for chunk in stream:
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
                reasons[choice.index] = choice.finish_reason or reasons.get(choice.index)
    assert texts[0] == texts[1] != ""
    assert reasons == {0: "stop", 1: "stop"}


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_a_forced_call_fits_its_schema(client: OpenAI, choice: Any) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, tools=[WEATHER], tool_choice=choice, temperature=0
    )
    message = reply.choices[0].message
    assert reply.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    assert message.tool_calls
    call = message.tool_calls[0]
    assert call.type == "function"
    assert call.function.name == "get_weather"
    arguments = json.loads(call.function.arguments)
    assert set(arguments) == {"city", "unit"}
    assert arguments["unit"] in ("celsius", "fahrenheit")


def test_a_forced_call_streams(client: OpenAI) -> None:
    pieces = []
    with client.chat.completions.create(
        model="demo",
        messages=HELLO,
        tools=[WEATHER, CLOCK],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        temperature=0,
        stream=True,
    ) as stream:
        for chunk in stream:
            for choice in chunk.choices:
                pieces += choice.delta.tool_calls or []
    first, *rest = [piece for piece in pieces if piece.index == 0]
    assert first.id
    assert first.type == "function"
    assert first.function
    assert (first.function.name, first.function.arguments) == ("get_weather", "")
    assert all(piece.id is None and piece.function.name is None for piece in rest)  # type: ignore[union-attr]
    assert len(rest) > 2
    arguments = "".join(piece.function.arguments or "" for piece in rest if piece.function)
    assert set(json.loads(arguments)) == {"city", "unit"}


def test_allowed_tools_leave_the_others_out(client: OpenAI) -> None:
    allowed: Any = {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "clock"}}],
        },
    }
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, tools=[WEATHER, CLOCK], tool_choice=allowed, temperature=0
    )
    calls = reply.choices[0].message.tool_calls
    assert calls
    assert {call.function.name for call in calls if call.type == "function"} == {"clock"}


def test_tool_results_are_taken_back(client: OpenAI) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "clock", "arguments": "{}"},
    }
    messages: list[Any] = [
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "id": "call_1", "content": "12:05"},  # no tool_call_id: as Qwen-Agent
    ]
    reply = client.chat.completions.create(
        model="demo", messages=messages, tools=[CLOCK], temperature=0, max_tokens=400
    )
    assert reply.choices[0].message.content


class City(BaseModel):
    name: str
    big: bool


def test_parse_gives_an_object(client: OpenAI) -> None:
    reply = client.chat.completions.parse(
        model="demo", messages=HELLO, response_format=City, temperature=0, max_tokens=400
    )
    assert isinstance(reply.choices[0].message.parsed, City)


def test_a_json_object(client: OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo",
        messages=HELLO,
        response_format={"type": "json_object"},
        temperature=0,
        max_tokens=40,
        extra_body=NO_THINKING,
    )
    choice = reply.choices[0]
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content or ""), dict)
    else:
        assert (choice.message.content or "").lstrip().startswith("{")


def logprobs(client: OpenAI, **fields: Any) -> Any:
    return client.chat.completions.create(
        model="demo", messages=HELLO, logprobs=True, top_logprobs=3, **fields
    )


def test_logprobs_are_of_the_content(client: OpenAI) -> None:
    choice = logprobs(client, temperature=0).choices[0]
    entries = choice.logprobs.content
    assert b"".join(bytes(entry.bytes) for entry in entries).decode() == choice.message.content
    for entry in entries:
        tops = [top.logprob for top in entry.top_logprobs]
        assert len(tops) == 3
        assert tops == sorted(tops, reverse=True)
        assert entry.logprob == tops[0]  # greedy
        assert sum(map(math.exp, tops)) <= 1.0001


def test_logprobs_stream_the_same(client: OpenAI) -> None:
    whole = logprobs(client, temperature=0).choices[0].logprobs.content
    streamed = []
    with logprobs(client, temperature=0, stream=True) as stream:
        for chunk in stream:
            for choice in chunk.choices:
                if choice.logprobs:
                    text = b"".join(bytes(entry.bytes) for entry in choice.logprobs.content)
                    assert text.decode() == choice.delta.content
                    streamed += choice.logprobs.content
    assert [entry.token for entry in streamed] == [entry.token for entry in whole]
    for ours, theirs in zip(streamed, whole, strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)


def test_nulls_and_empty_options_are_not_given(http: httpx.Client) -> None:
    nulls: dict[str, Any] = dict.fromkeys(ChatBody.model_fields)
    body = {**nulls, "user": None, "model": "demo", "messages": HELLO}
    reply = http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    body = {"model": "demo", "messages": HELLO, "stream": True, "stream_options": {}}
    reply = http.post("/v1/chat/completions", json=body)
    assert reply.text.endswith("data: [DONE]\n\n")
    assert "error" not in reply.text


def test_max_tokens_minus_one_is_no_limit(client: OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, max_tokens=-1, temperature=0
    )
    assert reply.choices[0].finish_reason == "stop"


def test_max_tokens_end_with_length(client: OpenAI) -> None:
    reply = client.chat.completions.create(
        model="demo", messages=HELLO, max_completion_tokens=2, extra_body=NO_THINKING
    )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 2


def test_the_last_message_is_continued(client: OpenAI) -> None:
    messages: list[Any] = [*HELLO, {"role": "assistant", "content": "Hello"}]
    reply = client.chat.completions.create(
        model="demo",
        messages=messages,
        temperature=0,
        max_tokens=8,
        extra_body={"continue_final_message": True, **NO_THINKING},
    )
    assert reply.choices[0].message.content
    assert not reply.choices[0].message.content.startswith("Hello")
