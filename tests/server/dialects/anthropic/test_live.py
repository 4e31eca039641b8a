"""Anthropic's own client against the live server."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message
from pydantic import BaseModel

from qwen3mlx.server.core.answer import Answer

from ...live import LiveServer

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
WEATHER: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOL: Any = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
CACHED_TOOL: Any = {**TOOL, "cache_control": {"type": "ephemeral"}}
SAMPLING = ("temperature", "top_p", "top_k", "min_tokens")
THINK: Any = {"type": "enabled", "budget_tokens": 64}


def arguments(messages: list[Any], **fields: Any) -> dict[str, Any]:
    """Return the client's arguments; it no longer has sampling parameters of its own."""
    sampling = {name: fields.pop(name) for name in SAMPLING if name in fields}
    extra_body = {"temperature": 0, **sampling}
    given = {"model": "demo", "max_tokens": 200, **fields}
    return {**given, "messages": messages, "extra_body": extra_body}


def create(client: Anthropic, messages: list[Any] = HELLO, **fields: Any) -> Message:
    message: Message = client.messages.create(**arguments(messages, **fields))
    return message


def streamed(client: Anthropic, messages: list[Any] = HELLO, **fields: Any) -> Message:
    with client.messages.stream(**arguments(messages, **fields)) as stream:
        return stream.get_final_message()


def blocks(message: Message) -> list[Any]:
    """Return their content, without values that differ each time."""
    return [block.to_dict() | {"id": None} for block in message.content]


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def total_input(message: Message) -> int:
    usage = message.usage
    return usage.input_tokens + (usage.cache_read_input_tokens or 0)


def test_a_message(client: Anthropic) -> None:
    message = create(client)
    assert (message.role, message.model, message.stop_reason) == ("assistant", "demo", "end_turn")
    assert [block.type for block in message.content] == ["text"]
    assert text(message)
    assert message.usage.output_tokens > 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"thinking": THINK},
        {"thinking": {**THINK, "display": "omitted"}},
        {"messages": WEATHER, "tools": [TOOL], "tool_choice": {"type": "any"}},
        {"stop_sequences": ["can"]},
        {"max_tokens": 3},
    ],
)
def test_a_stream_is_the_same_message(client: Anthropic, fields: dict[str, Any]) -> None:
    whole, stream = create(client, **fields), streamed(client, **fields)
    assert blocks(stream) == blocks(whole)
    assert (stream.stop_reason, stream.stop_sequence) == (whole.stop_reason, whole.stop_sequence)
    assert stream.usage.output_tokens == whole.usage.output_tokens
    assert total_input(stream) == total_input(whole)


def test_a_stream_says_how_far_the_prompt_is(server: LiveServer) -> None:
    body = {"model": "demo", "max_tokens": 3, "messages": HELLO, "stream": True}
    reply = server.http.post("/v1/messages?beta=true", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    parts = reply.text.split("\n\n")
    assert parts[0].startswith("event: message_start\ndata: ")
    assert any(part.startswith(": prefill ") for part in parts)
    for part in parts:
        if part.startswith("event: "):
            event, data = part.split("\n")
            assert json.loads(data.removeprefix("data: "))["type"] == event.removeprefix("event: ")


def test_limits_and_stop_sequences(client: Anthropic) -> None:
    answer = text(create(client))
    cut = create(client, max_tokens=2)
    assert (cut.stop_reason, cut.usage.output_tokens) == ("max_tokens", 2)
    assert answer.startswith(text(cut))
    word = answer.split()[1]
    stopped = create(client, stop_sequences=["never there", word])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", word)
    assert text(stopped) == answer.partition(word)[0]


def test_thinking_is_off_unless_asked_for(client: Anthropic) -> None:
    assert [block.type for block in create(client).content] == ["text"]
    message = create(client, thinking=THINK, max_tokens=400)
    thought = message.content[0]
    assert thought.type == "thinking"
    assert thought.thinking
    assert thought.signature
    details: Any = message.usage.output_tokens_details
    assert 0 < details.thinking_tokens <= message.usage.output_tokens


def test_a_thinking_budget_ends_the_thought(client: Anthropic) -> None:
    question: list[Any] = [{"role": "user", "content": "What is 2 plus 3?"}]
    free = create(client, question, thinking={"type": "adaptive"}, max_tokens=400)
    budget: Any = {"type": "enabled", "budget_tokens": 5}
    short = create(client, question, thinking=budget, max_tokens=400)
    assert free.content[0].type == short.content[0].type == "thinking"
    assert "Considering the limited time" not in free.content[0].thinking
    assert "Considering the limited time" in short.content[0].thinking


@pytest.mark.parametrize("hidden", [False, True])
def test_a_turn_with_a_tool(client: Anthropic, hidden: bool) -> None:
    """The thoughts that led to the call are in the next prompt, shown to the client or not."""
    thinking = {**THINK, "display": "omitted"} if hidden else THINK
    fields: Any = {"tools": [CACHED_TOOL], "thinking": thinking, "max_tokens": 400}
    asked = create(client, WEATHER, tool_choice={"type": "tool", "name": "get_weather"}, **fields)
    assert asked.stop_reason == "tool_use"
    call = asked.content[-1]
    assert call.type == "tool_use"
    assert call.id.startswith("toolu_")
    assert isinstance(call.input["city"], str)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
    history = [*WEATHER, asked.to_param(), {"role": "user", "content": [result]}]
    answered = create(client, history, **fields)
    # All that the model itself wrote is found in the cache, its thoughts included.
    reused = answered.usage.cache_read_input_tokens or 0
    assert reused >= total_input(asked) + asked.usage.output_tokens - 5


def test_one_call_where_parallel_ones_are_switched_off(client: Anthropic) -> None:
    choice: Any = {"type": "any", "disable_parallel_tool_use": True}
    both: list[Any] = [{"role": "user", "content": "What is the weather in Paris and in Rome?"}]
    message = create(client, both, tools=[TOOL], tool_choice=choice)
    assert [block.type for block in message.content] == ["tool_use"]


def test_no_call_where_tools_are_switched_off(client: Anthropic) -> None:
    message = create(client, WEATHER, tools=[TOOL], tool_choice={"type": "none"})
    assert {block.type for block in message.content} == {"text"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"system": "Be kind.", "messages": WEATHER, "tools": [TOOL]},
        {"thinking": THINK},
        {"messages": [*HELLO, {"role": "assistant", "content": "Hi"}]},
    ],
)
def test_tokens_are_counted_as_they_are_used(client: Anthropic, fields: dict[str, Any]) -> None:
    given: dict[str, Any] = {"messages": HELLO, **fields}
    counted = client.messages.count_tokens(model="demo", **given)
    assert counted.input_tokens == total_input(create(client, **given))


def test_tokens_are_counted_beyond_the_context_too(client: Anthropic) -> None:
    long: list[Any] = [{"role": "user", "content": "one two three " * 4000}]
    counted = client.messages.count_tokens(model="demo", messages=long)
    context = client.models.retrieve("demo").max_input_tokens
    assert context is not None
    assert counted.input_tokens > context


def test_a_conversation_is_found_in_the_cache(client: Anthropic) -> None:
    def system(number: int) -> Any:
        line = f"x-anthropic-billing-header: cc_version=2.1.177; cch={number};"
        brief = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
        return [{"type": "text", "text": line}, brief]

    first = create(client, system=system(1))
    history = [*HELLO, first.to_param(), {"role": "user", "content": "And you?"}]
    second = create(client, history, system=system(2))
    # All but the empty thought, which switches thinking off and is no part of a history.
    assert second.usage.cache_read_input_tokens == total_input(first) - 6


def test_the_answer_goes_on_with_a_last_message_of_the_assistant(client: Anthropic) -> None:
    answer = text(create(client))
    begun = answer[: answer.index(" ")]
    message = create(client, [*HELLO, {"role": "assistant", "content": begun}])
    assert begun + text(message) == answer


def test_structured_output(client: Anthropic) -> None:
    class City(BaseModel):
        name: str
        people: int

    question: list[Any] = [{"role": "user", "content": "Name a city."}]
    parsed = client.messages.parse(**arguments(question, output_format=City))
    assert isinstance(parsed.parsed_output, City)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"top_k": -5}, "top_k"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"stop_sequences": [1]}, "stop_sequences[0]"),
        ({"thinking": {"type": "sometimes"}}, "thinking.type"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "thing"}]}]},
         "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]},
         "messages[0].content[0].text"),
        ({"tools": [{"name": "f", "input_schema": {"type": "string"}}],
          "tool_choice": {"type": "any"}}, "tools[0].input_schema"),
        ({"output_config": {"format": {"type": "json_schema", "schema": "x"}}},
         "output_config.format.schema"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(client: Anthropic, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        create(client, **{"messages": HELLO, **fields})
    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["message"].startswith(field)


@pytest.mark.parametrize("name", ["model", "messages", "max_tokens"])
def test_a_missing_field_is_named(server: LiveServer, name: str) -> None:
    body = {"model": "demo", "messages": HELLO, "max_tokens": 5}
    del body[name]
    reply = server.http.post("/v1/messages", json=body)
    assert reply.status_code == 400
    assert reply.json()["error"] == {
        "type": "invalid_request_error",
        "message": f"{name} is missing.",
    }


def test_errors_are_the_clients_own(client: Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="demo-moe"):
        create(client, model="claude-opus-5")
    words = r"prompt is too long: \d+ tokens > 4096 maximum"
    with pytest.raises(anthropic.BadRequestError, match=words):
        create(client, [{"role": "user", "content": "one two three " * 4000}])


def test_a_fault_in_a_stream_is_an_event(
    client: Anthropic, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    real = Answer.__aiter__

    async def breaks(answer: Answer) -> Any:
        num_events = 0
        async for event in real(answer):
            num_events += 1
            if num_events > 3:
                raise RuntimeError("forced")
            yield event

    with monkeypatch.context() as patch:
        patch.setattr(Answer, "__aiter__", breaks)
        with pytest.raises(anthropic.APIStatusError) as caught:
            streamed(client)
    body: Any = caught.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "api_error")
    assert "forced" in caplog.text
    assert text(streamed(client))


def test_a_stream_that_is_left_ends_the_request(client: Anthropic, server: LiveServer) -> None:
    endless = arguments(HELLO, max_tokens=-1, min_tokens=3000)
    with client.messages.stream(**endless) as stream:
        next(iter(stream.text_stream))
        assert server.service.engine.stats().running == 1
    server.wait_until_idle()


def test_models_in_the_shape_that_the_client_knows(client: Anthropic, server: LiveServer) -> None:
    ids = [model.id for model in client.models.list(limit=1)]
    assert ids == [model["id"] for model in server.http.get("/v1/models").json()["data"]]
    assert len(ids) > 1
    demo = client.models.retrieve("demo")
    assert (demo.type, demo.display_name, demo.lifecycle) == ("model", "demo", "active")
    assert demo.created_at.year > 2020
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("nobody/nothing")
