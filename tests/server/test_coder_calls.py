"""Calls in Qwen3-Coder's form reach the clients of every dialect as any others do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.coder import add_coder_template
from tests.support.scripted import write_scripted_checkpoint

from .live import LiveServer, live_server

ARGUMENTS = {"path": "a.xml", "content": '<b>\n"é"\n</parameter>\n', "times": 3, "dry": True}
CALL = (
    "<tool_call>\n<function=write>\n<parameter=path>\na.xml\n</parameter>\n<parameter=content>\n"
    '<b>\n"é"\n</parameter>\n\n</parameter>\n<parameter=times>\n3\n</parameter>\n'
    "<parameter=dry>\ntrue\n</parameter>\n</function>\n</tool_call>"
)
SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "content": {"type": "string"},
        "times": {"type": "integer"},
        "dry": {"type": "boolean"},
    },
    "required": ["path", "content"],
}
NESTED = {"type": "function", "function": {"name": "write", "parameters": SCHEMA}}
QUESTION = {"role": "user", "content": "Write it."}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [QUESTION], "tools": [NESTED]},
    "/api/v0/chat/completions": {"messages": [QUESTION], "tools": [NESTED]},
    "/v1/responses": {
        "input": [QUESTION],
        "tools": [{"type": "function", "name": "write", "parameters": SCHEMA}],
    },
    "/v1/messages": {
        "messages": [QUESTION],
        "max_tokens": 200,
        "tools": [{"name": "write", "input_schema": SCHEMA}],
    },
    "/api/chat": {"messages": [QUESTION], "tools": [NESTED], "stream": False},
}
FORCED: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"tool_choice": {"type": "function", "function": {"name": "write"}}},
    "/v1/responses": {"tool_choice": "required"},
    "/v1/messages": {"tool_choice": {"type": "tool", "name": "write"}},
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(CALL, marks=pytest.mark.slow), CALL.removeprefix("<tool_call>\n")],
)
def coder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """With the opening marker, and without it, as the model writes it now and then."""
    folder = tmp_path_factory.mktemp("models") / "coder"
    write_scripted_checkpoint(folder, [request.param, "Done."])
    with live_server(model=str(add_coder_template(folder))) as server:
        yield server


@pytest.mark.parametrize("path", BODIES)
def test_a_call(path: str, coder: LiveServer) -> None:
    said = ask(coder, path, **BODIES[path])
    assert found(path, said) == ("write", ARGUMENTS)


@pytest.mark.parametrize("path", FORCED)
def test_a_forced_call(path: str, coder: LiveServer) -> None:
    said = ask(coder, path, **BODIES[path], **FORCED[path])
    assert found(path, said) == ("write", ARGUMENTS)


def test_a_streamed_call_and_its_result(coder: LiveServer) -> None:
    path = "/v1/chat/completions"
    body = {"model": "coder", **BODIES[path], "stream": True}
    reply = coder.http.post(path, json=body)
    chunks = [json.loads(line[6:]) for line in reply.text.splitlines() if line[6:7] == "{"]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls") or ()]
    assert not any(delta.get("content") for delta in deltas)
    assert [call["function"].get("name") for call in calls if call.get("id")] == ["write"]
    arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    assert json.loads(arguments) == ARGUMENTS
    assert len(calls) > 10
    assert "tool_calls" in [c["finish_reason"] for chunk in chunks for c in chunk["choices"]]
    made = {"id": calls[0]["id"], "function": {"name": "write", "arguments": arguments}}
    messages = [
        QUESTION,
        {"role": "assistant", "tool_calls": [{"type": "function", **made}]},
        {"role": "tool", "tool_call_id": made["id"], "content": "ok"},
    ]
    said = ask(coder, path, **{**BODIES[path], "messages": messages})
    assert said["choices"][0]["message"]["content"] == "Done."


def ask(server: LiveServer, path: str, **fields: Any) -> Any:
    reply = server.http.post(path, json={"model": "coder", **fields})
    assert reply.status_code == 200, reply.text
    return reply.json()


def found(path: str, said: Any) -> tuple[str, Any]:
    """The only call, by name and arguments."""
    if path == "/v1/responses":
        [call] = [item for item in said["output"] if item["type"] == "function_call"]
    elif path == "/v1/messages":
        [call] = [block for block in said["content"] if block["type"] == "tool_use"]
        return call["name"], call["input"]
    elif path == "/api/chat":
        [call] = [call["function"] for call in said["message"]["tool_calls"]]
        return call["name"], call["arguments"]
    else:
        [call] = [call["function"] for call in said["choices"][0]["message"]["tool_calls"]]
    return call["name"], json.loads(call["arguments"])
