"""`/v1/responses` with OpenAI's own client."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel, Field

from .support import read

COUNT = 'How many "r" are in "strawberry"?'
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string", "description": "The city"}},
        "required": ["location"],
        "additionalProperties": False,
    },
    "strict": True,
}
ASK_WEATHER = "What is the weather in Paris?"
# OpenAI's client reads what a parameter of `create` may be from its types: `Any` is all of them.
GREEDY: Any = {"model": "demo", "temperature": 0}
QUIET: Any = {**GREEDY, "reasoning": {"effort": "none"}}


NO_SCHEMA = {"type": "json_schema", "name": "x", "strict": True, "schema": {"type": "thing"}}
NO_TOOL = {"type": "function", "name": "f", "parameters": {"type": "thing"}}


def texts(response: Any, kind: str) -> str:
    """Return all text of the items of one kind."""
    items = [item for item in response.output if item.type == kind]
    return "".join(part.text for item in items for part in item.content)


def test_an_answer_thinks_then_speaks(client: OpenAI) -> None:
    response = client.responses.create(input=COUNT, **GREEDY)
    assert response.status == "completed"
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert texts(response, "reasoning")
    assert response.output_text == texts(response, "message") != ""
    assert response.usage
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    assert response.usage.output_tokens_details.reasoning_tokens < response.usage.output_tokens
    assert (response.model, response.temperature) == ("demo", 0.0)


def test_defaults_of_the_checkpoint_are_shown(client: OpenAI) -> None:
    response = client.responses.create(model="demo", input="Hello!", max_output_tokens=4)
    assert response.temperature is not None
    assert response.temperature > 0
    assert response.top_p is not None
    assert 0 < response.top_p <= 1
    assert response.max_output_tokens == 4


def test_effort_none_switches_thinking_off(client: OpenAI) -> None:
    response = client.responses.create(input="Hello!", **QUIET)
    assert [item.type for item in response.output] == ["message"]
    assert response.usage
    assert response.usage.output_tokens_details.reasoning_tokens == 0
    assert response.reasoning
    assert response.reasoning.effort == "none"


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({}, "response.reasoning_text.delta"),
        ({"reasoning": {"effort": "none"}}, None),
        ({"tools": [WEATHER], "input": ASK_WEATHER}, "response.reasoning_text.delta"),
    ],
)
def test_a_stream_is_the_same_answer(
    client: OpenAI, fields: dict[str, Any], thinking: str | None
) -> None:
    asked: Any = {**GREEDY, "input": COUNT, **fields}
    whole = client.responses.create(**asked)
    with client.responses.create(stream=True, **asked) as stream:
        events = list(stream)
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert (thinking in kinds) == (thinking is not None)
    last = events[-1].response

    def plain(response: Any) -> Any:
        items = response.model_dump(mode="json")["output"]
        return [{k: v for k, v in item.items() if k not in ("id", "call_id")} for item in items]

    assert plain(last) == plain(whole)
    assert last.usage.output_tokens == whole.usage.output_tokens


def test_a_stream_on_the_wire(http: httpx.Client) -> None:
    reply = http.post("/responses", json={"model": "demo", "input": COUNT, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in reply.text.split("\n\n") if block]
    assert blocks[-1] == "data: [DONE]"
    assert any(block.startswith(": prefill ") for block in blocks)
    events = []
    for block in blocks[:-1]:
        if not block.startswith(":"):
            name, data = block.split("\n")
            event = json.loads(data.removeprefix("data: "))
            assert name == f"event: {event['type']}"
            events.append(event)
    assert read(events).response == http.get(f"/responses/{events[0]['response']['id']}").json()
    # Open Responses' own name: nothing here says that the client is OpenAI's.
    assert "response.reasoning.delta" in [event["type"] for event in events]


def test_the_stream_helper(client: OpenAI) -> None:
    with client.responses.stream(input=COUNT, **GREEDY) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        response = stream.get_final_response()
    assert "".join(pieces) == response.output_text != ""


def test_an_answer_cut_off(client: OpenAI) -> None:
    asked: Any = {**GREEDY, "input": COUNT, "max_output_tokens": 3}
    response = client.responses.create(**asked)
    assert response.status == "incomplete"
    assert response.incomplete_details
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.output[-1].status == "incomplete"
    with client.responses.create(stream=True, **asked) as stream:
        assert [event.type for event in stream][-1] == "response.incomplete"


class Person(BaseModel):
    name: str = Field(max_length=20)  # the demo might find no end
    age: int


def test_parse(client: OpenAI) -> None:
    prompt = "Anna is 30 years old."
    response = client.responses.parse(input=prompt, text_format=Person, **GREEDY)
    assert isinstance(response.output_parsed, Person)


def test_json_object(client: OpenAI) -> None:
    text: Any = {"format": {"type": "json_object"}}
    response = client.responses.create(input=COUNT, text=text, max_output_tokens=40, **QUIET)
    # The demo checkpoint finds no end; what it has written is the beginning of an object.
    assert response.output_text.startswith("{")
    assert response.text
    assert response.text.format
    assert response.text.format.type == "json_object"


def test_a_round_trip_with_tools_and_previous_response_id(client: OpenAI) -> None:
    first = client.responses.create(input=ASK_WEATHER, tools=[WEATHER], **GREEDY)
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert call.name == "get_weather"
    assert json.loads(call.arguments) == {"location": "Paris"}
    output: Any = {
        "type": "function_call_output",
        "call_id": call.call_id,
        "output": "17 degrees and rain",
    }
    second = client.responses.create(
        input=[output], previous_response_id=first.id, tools=[WEATHER], **GREEDY
    )
    assert "17 degrees" in second.output_text
    assert second.previous_response_id == first.id
    assert first.usage
    assert second.usage
    # The thinking of the turn that called is part of the prompt: all that was computed is reused.
    known = first.usage.input_tokens + first.usage.output_tokens
    assert second.usage.input_tokens_details.cached_tokens >= known - 16


def test_the_conversation_can_be_sent_back_as_input(client: OpenAI) -> None:
    """Send it as stateless clients do, with encoded thinking."""
    asked: Any = {**GREEDY, "tools": [WEATHER], "store": False}
    first = client.responses.create(
        input=ASK_WEATHER, include=["reasoning.encrypted_content"], **asked
    )
    items = [item.model_dump(exclude_none=True) for item in first.output]
    assert items[0]["type"] == "reasoning"
    del items[0]["content"]
    call = next(item for item in items if item["type"] == "function_call")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "17 degrees"}
    conversation: Any = [{"role": "user", "content": ASK_WEATHER}, *items, output]
    second = client.responses.create(input=conversation, **asked)
    assert "17 degrees" in second.output_text
    assert first.usage
    assert second.usage
    known = first.usage.input_tokens + first.usage.output_tokens
    assert second.usage.input_tokens_details.cached_tokens >= known - 16


def test_parallel_and_forced_calls(client: OpenAI) -> None:
    response = client.responses.create(
        input="Hello!", tools=[WEATHER], tool_choice="required", **QUIET
    )
    assert {item.type for item in response.output} == {"function_call"}
    choice: Any = {"type": "function", "name": "get_weather"}
    response = client.responses.create(input="Hello!", tools=[WEATHER], tool_choice=choice, **QUIET)
    assert response.output[-1].name == "get_weather"
    response = client.responses.create(
        input=ASK_WEATHER, tools=[WEATHER], tool_choice="none", **QUIET
    )
    assert [item.type for item in response.output] == ["message"]


def test_instructions_are_not_carried_over(client: OpenAI) -> None:
    first = client.responses.create(input="Hello!", instructions="Your name is Rosa.", **QUIET)
    second = client.responses.create(input="Bye.", previous_response_id=first.id, **QUIET)
    counted = client.responses.input_tokens.count(
        model="demo",
        input="Bye.",
        previous_response_id=first.id,
        reasoning={"effort": "none"},
    )
    assert second.usage
    assert second.instructions is None
    assert counted.input_tokens == second.usage.input_tokens
    with_instructions = client.responses.input_tokens.count(
        model="demo",
        input="Bye.",
        instructions="Your name is Rosa.",
        previous_response_id=first.id,
        reasoning={"effort": "none"},
    )
    assert with_instructions.input_tokens > counted.input_tokens


def test_logprobs(client: OpenAI) -> None:
    response = client.responses.create(
        input="Hello!", include=["message.output_text.logprobs"], top_logprobs=2, **QUIET
    )
    message: Any = response.output[0]
    logprobs = message.content[0].logprobs
    assert b"".join(bytes(one.bytes) for one in logprobs).decode() == response.output_text
    assert all(len(one.top_logprobs) == 2 for one in logprobs)
    assert all(one.top_logprobs[0].token == one.token for one in logprobs)


def test_stored_responses_can_be_asked_for_and_deleted(client: OpenAI) -> None:
    first = client.responses.create(input="Hello!", metadata={"run": "7"}, **QUIET)
    second = client.responses.create(input="Thanks.", previous_response_id=first.id, **QUIET)
    again = client.responses.retrieve(first.id)
    assert again == first
    assert again.metadata == {"run": "7"}
    items = client.responses.input_items.list(second.id, order="asc")
    roles = [item.role for item in items.data if item.type == "message"]
    assert roles == ["user", "assistant", "user"]
    pages = [item.id for item in client.responses.input_items.list(second.id, limit=1)]
    assert pages == [item.id for item in reversed(items.data)]
    client.responses.delete(first.id)
    with pytest.raises(NotFoundError, match=first.id):
        client.responses.retrieve(first.id)
    # The later response holds the whole conversation.
    client.responses.create(input="Bye.", previous_response_id=second.id, **QUIET)


def test_an_item_can_be_referred_to(client: OpenAI) -> None:
    first = client.responses.create(input="Hello!", **QUIET)
    reference: Any = {"type": "item_reference", "id": first.output[0].id}
    question: Any = {"role": "user", "content": "Hello!"}
    second = client.responses.create(input=[question, reference, question], **QUIET)
    items: Any = client.responses.input_items.list(second.id, order="asc").data
    assert items[1].content[0].text == first.output_text


def test_what_is_not_to_be_stored_is_not(client: OpenAI) -> None:
    response = client.responses.create(input="Hello!", store=False, **QUIET)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(response.id)
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(input="More.", previous_response_id=response.id, **QUIET)
    assert caught.value.code == "previous_response_not_found"
    assert caught.value.param == "previous_response_id"


def test_there_is_nothing_to_cancel(client: OpenAI) -> None:
    response = client.responses.create(input="Hello!", **QUIET)
    with pytest.raises(BadRequestError, match="background"):
        client.responses.cancel(response.id)
    with pytest.raises(NotFoundError):
        client.responses.cancel("resp_unknown")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "functions"}]}, "tools[0].type"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
        ({"reasoning": {"effort": "immense"}}, "reasoning.effort"),
        ({"temperature": -1}, "temperature"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"text": {"format": NO_SCHEMA}}, "text.format.schema"),
        ({"tools": [NO_TOOL], "tool_choice": "required"}, "tools[0].parameters"),
        ({"reasoning": {"effort": "none"}, "enable_thinking": True}, "reasoning.effort"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_thing"}]}]},
            "input[0].content[0].type",
        ),
    ],
)
def test_bad_fields_are_named(http: httpx.Client, fields: dict[str, Any], param: str) -> None:
    body = {"model": "demo", "input": "Hi", "stream": True, **fields}
    reply = http.post(
        "/responses", json={name: value for name, value in body.items() if value is not None}
    )
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert param in error["message"]
    assert error["message"].endswith(".")


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="demo"):
        client.responses.create(model="gpt-6", input="Hi")


def test_a_conversation_too_long_is_refused_or_shortened(client: OpenAI) -> None:
    """Questions as long as half the context: two of them do not fit."""
    long = "one two three " * 400
    conversation: Any = [
        {"role": "developer", "content": "Be brief."},
        *[{"role": "user", "content": long}, {"role": "assistant", "content": "Yes."}] * 2,
        {"role": "user", "content": "Hello!"},
    ]
    with pytest.raises(BadRequestError) as caught:
        client.responses.create(input=conversation, **QUIET)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "input")
    shortened = client.responses.create(
        input=conversation, truncation="auto", max_output_tokens=2, **QUIET
    )
    assert shortened.truncation == "auto"
    assert shortened.usage
    assert shortened.usage.input_tokens < 4096


@pytest.mark.usefixtures("caplog")
def test_tools_as_codex_declares_them(http: httpx.Client) -> None:
    """Functions in a namespace, a custom tool, and one that only OpenAI's servers carry out."""
    parameters = WEATHER["parameters"]
    inner = {"type": "function", "name": "get_weather", "parameters": parameters, "strict": False}
    tools = [
        {"type": "namespace", "name": "sky", "description": "Of the sky.", "tools": [inner]},
        {"type": "custom", "name": "note", "description": "Takes a note."},
        {"type": "web_search", "external_web_access": False},
    ]
    asked = {"model": "demo", "input": ASK_WEATHER, "tools": tools, "temperature": 0}
    forced = {"type": "function", "name": "get_weather", "namespace": "sky"}
    reply = http.post("/responses", json={**asked, "tool_choice": forced})
    assert reply.status_code == 200, reply.text
    assert reply.headers["X-Qwen3MLX-Warning"].startswith(
        "tools[2] was left out: only other servers can run web_search"
    )
    call = reply.json()["output"][-1]
    assert (call["name"], call["namespace"]) == ("get_weather", "sky")
    assert "location" in json.loads(call["arguments"])
    assert reply.json()["tools"][1:] == tools[1:]
    limit = {"max_output_tokens": 40, "reasoning": {"effort": "none"}}
    noted = http.post(
        "/responses", json={**asked, **limit, "tool_choice": {"type": "custom", "name": "note"}}
    )
    assert noted.status_code == 200, noted.text
    made = noted.json()["output"][-1]
    assert (made["type"], made["name"]) == ("custom_tool_call", "note")
    assert made["input"]
    assert '{"input"' not in made["input"]


def test_a_summary_of_the_thoughts(client: OpenAI) -> None:
    asked: Any = {**GREEDY, "reasoning": {"summary": "auto"}, "max_output_tokens": 30}
    whole = client.responses.create(input=COUNT, **asked)
    thought = whole.output[0]
    assert thought.type == "reasoning"
    assert len(thought.summary[0].text) > 10
    assert not thought.content
    events = list(client.responses.create(input=COUNT, stream=True, **asked))
    deltas = [e.delta for e in events if e.type == "response.reasoning_summary_text.delta"]
    assert "".join(deltas) == thought.summary[0].text
    assert not [e for e in events if e.type.startswith("response.reasoning_text")]


@pytest.mark.parametrize(
    ("syntax", "definition"),
    [
        ("regex", r'"[0-9]{3}"\n'),
        ("lark", 'start: QUOTE /[0-9]/~3 QUOTE LF\nQUOTE: "\\""\n%import common.LF'),
    ],
)
def test_a_grammar_binds_the_input_of_a_custom_tool(
    client: OpenAI, syntax: str, definition: str
) -> None:
    form = {"type": "grammar", "syntax": syntax, "definition": definition}
    tool: Any = {"type": "custom", "name": "number", "format": form}
    choice: Any = {"type": "custom", "name": "number"}
    response = client.responses.create(input="Hi", tools=[tool], tool_choice=choice, **QUIET)
    call: Any = response.output[-1]
    assert (call.type, call.name) == ("custom_tool_call", "number")
    assert re.fullmatch(r'"[0-9]{3}"\n', call.input)
