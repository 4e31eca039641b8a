"""Tool results reach the model in the order of its calls, however a client sends them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qwen3mlx.text import Tokenizer, load_tokenizer

from .live import LiveServer

Json = dict[str, Any]

CITIES = {"call_a": "Oslo", "call_b": "Rome"}
ANSWERS = {"call_a": "cold", "call_b": "warm"}
EXPECTED = "<tool_response>\ncold\n</tool_response>\n<tool_response>\nwarm\n</tool_response>"


def arguments(call_id: str) -> str:
    return f'{{"city": "{CITIES[call_id]}"}}'


def chat_body(results: list[str]) -> Json:
    calls = [
        {"id": i, "type": "function", "function": {"name": "look", "arguments": arguments(i)}}
        for i in CITIES
    ]
    messages: list[Json] = [{"role": "user", "content": "Hi"}]
    messages += [{"role": "assistant", "content": None, "tool_calls": calls}]
    messages += [
        {"role": "tool", "tool_call_id": i, "content": ANSWERS.get(i, "none")} for i in results
    ]
    return {"messages": messages, "max_tokens": 1}


def responses_body(results: list[str]) -> Json:
    items: list[Json] = [{"role": "user", "content": "Hi"}]
    items += [
        {"type": "function_call", "call_id": i, "name": "look", "arguments": arguments(i)}
        for i in CITIES
    ]
    items += [
        {"type": "function_call_output", "call_id": i, "output": ANSWERS.get(i, "none")}
        for i in results
    ]
    return {"input": items, "max_output_tokens": 1}


def anthropic_body(results: list[str]) -> Json:
    calls = [
        {"type": "tool_use", "id": i, "name": "look", "input": {"city": city}}
        for i, city in CITIES.items()
    ]
    told = [
        {"type": "tool_result", "tool_use_id": i, "content": ANSWERS.get(i, "none")}
        for i in results
    ]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": calls},
        {"role": "user", "content": told},
    ]
    return {"messages": messages, "max_tokens": 1}


def ollama_body(results: list[str]) -> Json:
    calls = [
        {"id": i, "function": {"name": "look", "arguments": {"city": city}}}
        for i, city in CITIES.items()
    ]
    messages: list[Json] = [{"role": "user", "content": "Hi"}]
    messages += [{"role": "assistant", "content": "", "tool_calls": calls}]
    messages += [
        {"role": "tool", "tool_call_id": i, "tool_name": "look", "content": ANSWERS.get(i, "none")}
        for i in results
    ]
    return {"messages": messages, "stream": False, "options": {"num_predict": 1}}


DIALECTS = [
    ("/v1/chat/completions", chat_body),
    ("/api/v0/chat/completions", chat_body),
    ("/v1/responses", responses_body),
    ("/v1/messages", anthropic_body),
    ("/api/chat", ollama_body),
]
every_dialect = pytest.mark.parametrize(
    ("path", "body"), DIALECTS, ids=[path for path, _ in DIALECTS]
)


def ask(server: LiveServer, path: str, body: Json) -> httpx.Response:
    return server.http.post(path, json={"model": "demo", **body})


@pytest.fixture(scope="module")
def prompts(server: LiveServer) -> Any:
    """The prompts that the engine was given, as text."""
    loaded: Any = server.service.engine.resident["demo"].loaded
    tokenizer: Tokenizer = load_tokenizer(loaded.path)
    seen: list[str] = []
    original = loaded.prepare

    def prepare(request: Any) -> Any:
        prepared = original(request)
        seen.append(tokenizer.decode(prepared.prompt_ids))
        return prepared

    loaded.prepare = prepare
    yield seen
    del loaded.prepare


@every_dialect
@pytest.mark.parametrize("results", [["call_a", "call_b"], ["call_b", "call_a"]])
def test_each_call_gets_its_own_result(
    server: LiveServer, prompts: list[str], path: str, body: Any, results: list[str]
) -> None:
    reply = ask(server, path, body(results))
    assert reply.status_code == 200, reply.text
    assert EXPECTED in prompts[-1]


@every_dialect
@pytest.mark.parametrize(
    ("results", "named"),
    [
        (["call_b"], "call_a"),
        (["call_a", "call_b", "call_b"], "call_b"),
        (["call_a", "call_b", "call_x"], "call_x"),
    ],
    ids=["missing", "doubled", "unknown"],
)
def test_a_result_that_cannot_be_bound_is_an_error(
    server: LiveServer, path: str, body: Any, results: list[str], named: str
) -> None:
    reply = ask(server, path, body(results))
    assert reply.status_code == 400, reply.text
    assert repr(named) in reply.text


def test_responses_names_its_own_field(server: LiveServer) -> None:
    error = ask(server, "/v1/responses", responses_body(["call_x"])).json()["error"]
    assert error["param"] == "input[3].call_id"
    assert "messages" not in error["message"]


def test_ollama_binds_by_the_name_of_the_tool(server: LiveServer, prompts: list[str]) -> None:
    calls: list[dict[str, Any]] = [
        {"function": {"name": name, "arguments": {}}} for name in ("first", "second")
    ]
    body = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_name": "second", "content": "warm"},
            {"role": "tool", "tool_name": "first", "content": "cold"},
        ],
        "stream": False,
        "options": {"num_predict": 1},
    }
    assert ask(server, "/api/chat", body).status_code == 200
    assert EXPECTED in prompts[-1]
