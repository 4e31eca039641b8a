"""A limit or stop string inside a tool call: the partial call, never its markers as content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .live import LiveServer

Json = dict[str, Any]

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string", "minLength": 200}}}
PARAMETERS |= {"required": ["city"]}
FUNCTION = {"name": "look_up_city", "description": "Looks", "parameters": PARAMETERS}
TOOLS = [{"type": "function", "function": FUNCTION}]
QUESTION = [{"role": "user", "content": "Look up Paris."}]
LIMITS = (1, 6, 14, 30, 50)


def openai(path: str, server: LiveServer, **fields: Any) -> tuple[str, list[str], str]:
    body = {"messages": QUESTION, "tools": TOOLS, "tool_choice": "required"}
    reply = post(server, path, {**body, "enable_thinking": False, **fields})
    message = reply["choices"][0]["message"]
    names = [call["function"]["name"] for call in message.get("tool_calls", [])]
    reason = reply["choices"][0]["finish_reason"]
    return message["content"] or "", names, reason


def responses(path: str, server: LiveServer, **fields: Any) -> tuple[str, list[str], str]:
    fields = {"max_output_tokens": fields.pop("max_tokens", None), **fields}
    tools = [{"type": "function", **FUNCTION}]
    body = {"input": QUESTION, "tools": tools, "tool_choice": "required"}
    reply = post(server, path, {**body, "enable_thinking": False, **fields})
    names = [item["name"] for item in reply["output"] if item["type"] == "function_call"]
    texts = [item["content"][0]["text"] for item in reply["output"] if item["type"] == "message"]
    statuses = {item["status"] for item in reply["output"] if item["type"] == "function_call"}
    whole = "tool_calls" if statuses == {"completed"} else "stop"
    return "".join(texts), names, "length" if reply["status"] == "incomplete" else whole


def anthropic(path: str, server: LiveServer, **fields: Any) -> tuple[str, list[str], str]:
    fields = {"stop_sequences": fields.pop("stop", None), "max_tokens": 100, **fields}
    tool = {"name": "look_up_city", "input_schema": PARAMETERS}
    body = {"messages": QUESTION, "tools": [tool], "tool_choice": {"type": "any"}, **fields}
    reply = post(server, path, body)
    names = [block["name"] for block in reply["content"] if block["type"] == "tool_use"]
    texts = [block["text"] for block in reply["content"] if block["type"] == "text"]
    reasons = {"max_tokens": "length", "stop_sequence": "stop", "tool_use": "tool_calls"}
    return "".join(texts), names, reasons[reply["stop_reason"]]


def post(server: LiveServer, path: str, body: Json) -> Any:
    given = {name: value for name, value in body.items() if value is not None}
    reply = server.http.post(path, json={"model": "demo", "temperature": 0, **given})
    assert reply.status_code == 200, reply.text
    return reply.json()


every_dialect = pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/v1/chat/completions", openai),
        ("/api/v0/chat/completions", openai),
        ("/v1/responses", responses),
        ("/v1/messages", anthropic),
    ],
)


@every_dialect
def test_the_limit(server: LiveServer, path: str, ask: Any) -> None:
    called = []
    for limit in LIMITS:
        content, names, reason = ask(path, server, max_tokens=limit)
        assert (content, reason) == ("", "length")
        called.append(names)
    assert called[0] == []
    assert called[-1] == ["look_up_city"]


@every_dialect
def test_a_stop_string_in_the_arguments(server: LiveServer, path: str, ask: Any) -> None:
    for stop in ('"city"', "{", "y"):
        assert ask(path, server, stop=[stop]) == ("", ["look_up_city"], "stop")


SHORT = {"type": "object", "properties": {"q": {"enum": ["Paris"]}}, "required": ["q"]}
AROUND = ["\n", "name", "arguments", "<tool_call>", "</tool_call>", "<think>", "}}", "look_up"]


@pytest.mark.parametrize("stop", AROUND)
def test_what_stands_around_a_call_is_no_text(
    server: LiveServer, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FUNCTION, "parameters", SHORT)
    for ask, path in (
        (openai, "/v1/chat/completions"),
        (openai, "/api/v0/chat/completions"),
        (responses, "/v1/responses"),
    ):
        assert ask(path, server, stop=[stop]) == ("", ["look_up_city"], "tool_calls")
    tools = [{"name": "look_up_city", "input_schema": SHORT}]
    found = anthropic("/v1/messages", server, stop=[stop], tools=tools)
    assert found == ("", ["look_up_city"], "tool_calls")


def test_streams(server: LiveServer) -> None:
    body = {"messages": QUESTION, "tools": TOOLS, "tool_choice": "required", "stream": True}
    body |= {"model": "demo", "temperature": 0, "enable_thinking": False, "stop": "city"}
    with server.http.stream("POST", "/v1/chat/completions", json=body) as reply:
        lines = [line[6:] for line in reply.iter_lines() if line.startswith("data: {")]
    choices = [choice for line in lines for choice in json.loads(line)["choices"]]
    deltas = [choice["delta"] for choice in choices]
    assert not any(delta.get("content") for delta in deltas)
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "look_up_city"
    assert "".join(call["function"]["arguments"] for call in calls) == '{"'
    assert choices[-1]["finish_reason"] == "stop"


def test_a_call_that_is_cut_off_is_not_completed_in_responses(server: LiveServer) -> None:
    """Clients read the arguments of a completed call as JSON."""
    tools = [{"type": "function", **FUNCTION}]
    body = {"input": QUESTION, "tools": tools, "tool_choice": "required", "enable_thinking": False}
    for cut in ({"stop": ["city"]}, {"max_output_tokens": 50}):
        output = post(server, "/v1/responses", {**body, **cut})["output"]
        assert [item["status"] for item in output] == ["incomplete"]
