from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from qwen3mlx import __version__

from ...live import LiveServer

ASK = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is 2 + 2?"}],
    "temperature": 0,
    "reasoning_effort": "none",
}


@pytest.fixture
def http(server: LiveServer) -> httpx.Client:
    return server.http


def post(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = http.post(f"/api/v0/{path}", json=body)
    assert reply.status_code == 200, reply.text
    result: dict[str, Any] = reply.json()
    return result


def test_models_tells_what_is_in_memory(server: LiveServer) -> None:
    listed = server.http.get("/api/v0/models").json()
    assert listed["object"] == "list"
    demo = next(model for model in listed["data"] if model["id"] == "demo")
    assert demo == {
        "id": "demo",
        "object": "model",
        "type": "llm",
        "publisher": "local",
        "arch": "qwen3",
        "compatibility_type": "mlx",
        "quantization": "8bit",
        "state": "loaded",
        "max_context_length": 4096,
        "loaded_context_length": 4096,
        "capabilities": ["tool_use"],
    }
    assert server.http.get("/api/v0/models/demo").json() == demo


def test_an_unknown_model_is_told_in_openais_words(http: httpx.Client) -> None:
    reply = http.get("/api/v0/models/org/none")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"
    assert "demo" in reply.json()["error"]["message"]
    reply = http.post("/api/v0/chat/completions", json={**ASK, "temperature": "hot"})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "temperature"


def test_a_chat_has_statistics_beside_openais_reply(http: httpx.Client) -> None:
    reply = post(http, "chat/completions", ASK)
    openai = http.post("/v1/chat/completions", json=ASK).json()
    assert reply["choices"] == openai["choices"]
    assert reply["usage"]["total_tokens"] == openai["usage"]["total_tokens"]
    assert reply["stats"].keys() == {
        "tokens_per_second",
        "time_to_first_token",
        "generation_time",
        "stop_reason",
    }
    assert reply["stats"]["tokens_per_second"] > 0
    assert reply["model_info"] == {
        "arch": "qwen3",
        "quant": "8bit",
        "format": "mlx",
        "context_length": 4096,
    }
    assert reply["runtime"]["version"] == __version__


def test_a_stream_ends_with_statistics(http: httpx.Client) -> None:
    with http.stream("POST", "/api/v0/chat/completions", json={**ASK, "stream": True}) as reply:
        data = [line.removeprefix("data: ") for line in reply.iter_lines() if line[:5] == "data:"]
    assert data.pop() == "[DONE]"
    chunks = [json.loads(line) for line in data]
    assert ["stats" in chunk for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["stats"]["stop_reason"] == "eosFound"
    assert chunks[-1]["model_info"]["arch"] == "qwen3"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "eosFound"),
        ({"stop": ["="]}, "stopStringFound"),
        ({"max_tokens": 3}, "maxPredictedTokensReached"),
        ({"max_tokens": -1, "min_tokens": 4095}, "contextLengthReached"),
    ],
)
def test_the_stop_reason(own_server: LiveServer, fields: dict[str, Any], reason: str) -> None:
    http = own_server.http
    http.post("/api/v1/models/load", json={"model": "demo", "context_length": 64})
    reply = post(http, "chat/completions", {**ASK, **fields})
    assert reply["stats"]["stop_reason"] == reason


def test_a_call_is_a_stop_reason(http: httpx.Client) -> None:
    tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
    reply = post(http, "chat/completions", {**ASK, "tools": [tool], "tool_choice": "required"})
    assert reply["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "now"
    assert reply["stats"]["stop_reason"] == "toolCalls"


def test_a_text_completion_has_statistics_too(http: httpx.Client) -> None:
    reply = post(http, "completions", {"model": "demo", "prompt": "2 + 2 =", "max_tokens": 4})
    assert reply["object"] == "text_completion"
    assert reply["usage"]["completion_tokens"] == 4
    assert reply["stats"]["stop_reason"] == "maxPredictedTokensReached"


def test_a_completion_may_begin_with_its_prompt(http: httpx.Client) -> None:
    body = {"model": "demo", "prompt": ["One", "Two"], "echo": True, "max_tokens": 1}
    for logprobs in (None, 1):
        choices = post(http, "completions", {**body, "logprobs": logprobs})["choices"]
        assert choices[0]["text"].startswith("One")
        assert choices[1]["text"].startswith("Two")
    assert choices[0]["logprobs"]["token_logprobs"][0] is None
    assert len(choices[0]["logprobs"]["tokens"]) > 1


def test_embeddings_are_openais(http: httpx.Client) -> None:
    body = {"model": "demo", "input": ["a", "b"]}
    assert post(http, "embeddings", body)["data"] == post(http, "../../v1/embeddings", body)["data"]
