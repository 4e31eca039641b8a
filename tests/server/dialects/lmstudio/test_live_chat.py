from __future__ import annotations

from typing import Any

import httpx
import pytest

from ...live import LiveServer
from .support import chat, events_of, skip_to_delta, stream_chat, types

ASK: dict[str, Any] = {"model": "demo", "input": "What is 2 + 2?", "temperature": 0}
ANSWERED = [
    "prompt_processing.start",
    "prompt_processing.progress",
    "prompt_processing.end",
    "message.start",
    "message.delta",
    "message.end",
    "chat.end",
]
LOADED = ["model_load.start", "model_load.progress", "model_load.end"]


@pytest.fixture
def http(server: LiveServer) -> httpx.Client:
    return server.http


def test_a_chat_answers_with_output_and_statistics(http: httpx.Client) -> None:
    result = chat(http, **ASK, reasoning="on")
    assert [item["type"] for item in result["output"]] == ["reasoning", "message"]
    assert result["model_instance_id"] == "demo"
    stats = result["stats"]
    assert 0 < stats["reasoning_output_tokens"] < stats["total_output_tokens"]
    assert stats["tokens_per_second"] > 0
    assert stats["time_to_first_token_seconds"] > 0
    assert "model_load_time_seconds" not in stats
    assert result["response_id"].startswith("resp_")


def test_reasoning_may_be_off(http: httpx.Client) -> None:
    result = chat(http, **ASK, reasoning="off")
    assert [item["type"] for item in result["output"]] == ["message"]
    assert result["stats"]["reasoning_output_tokens"] == 0


def test_a_stream_names_its_events_and_ends_with_the_same_result(http: httpx.Client) -> None:
    events = stream_chat(http, **ASK, reasoning="on")
    thought = ["reasoning.start", "reasoning.delta", "reasoning.end"]
    assert types(events) == ["chat.start", *ANSWERED[:3], *thought, *ANSWERED[3:]]
    result, whole = events[-1]["result"], chat(http, **ASK, reasoning="on")
    assert result["output"] == whole["output"]
    assert result["stats"]["total_output_tokens"] == whole["stats"]["total_output_tokens"]


def test_a_chat_goes_on_from_any_response(http: httpx.Client) -> None:
    limits = {"reasoning": "off", "max_output_tokens": 20}
    first = chat(http, **ASK, **limits)
    says = {**ASK, "input": "And 3 + 3?", **limits}
    second = chat(http, **says, previous_response_id=first["response_id"])
    third = chat(http, **says, previous_response_id=second["response_id"])
    branch = stream_chat(http, **says, previous_response_id=first["response_id"])[-1]["result"]
    assert branch["output"] == second["output"]
    assert branch["response_id"] != second["response_id"]
    lengths = [one["stats"]["input_tokens"] for one in (first, second, third, branch)]
    assert lengths[0] < lengths[1] == lengths[3] < lengths[2]


def test_the_model_reads_the_whole_conversation(server: LiveServer) -> None:
    """Its prompt equals that of a client that keeps the conversation itself."""
    first = chat(server.http, **ASK, system_prompt="Be brief.", reasoning="off")
    goes_on = {**ASK, "input": "And 3 + 3?", "reasoning": "off"}
    second = chat(server.http, **goes_on, previous_response_id=first["response_id"])
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": ASK["input"]},
        {"role": "assistant", "content": first["output"][0]["content"]},
        {"role": "user", "content": goes_on["input"]},
    ]
    body = {"model": "demo", "messages": messages, "temperature": 0, "reasoning_effort": "none"}
    openai = server.http.post("/v1/chat/completions", json=body).json()
    assert second["stats"]["input_tokens"] == openai["usage"]["prompt_tokens"]
    assert second["output"][0]["content"] == openai["choices"][0]["message"]["content"]


def test_what_is_not_stored_has_no_id(http: httpx.Client) -> None:
    assert "response_id" not in chat(http, **ASK, store=False, max_output_tokens=1)


@pytest.mark.parametrize(
    ("fields", "status", "kind", "param"),
    [
        ({"model": None}, 400, "invalid_request", "model"),
        ({"model": "org/none"}, 404, "model_not_found", None),
        ({"input": []}, 400, "invalid_request", "input"),
        ({"input": 7}, 400, "invalid_request", "input"),
        ({"input": "so " * 9000}, 400, "invalid_request", "input"),
        ({"temperature": "hot"}, 400, "invalid_request", "temperature"),
        ({"temperature": -1}, 400, "invalid_request", "temperature"),
        ({"max_output_tokens": 2**40}, 400, "invalid_request", "max_output_tokens"),
        ({"reasoning": "maybe"}, 400, "invalid_request", "reasoning"),
        ({"context_length": 0}, 400, "invalid_request", "context_length"),
        ({"integrations": ["x"]}, 400, "invalid_request", "integrations[0].id"),
        ({"previous_response_id": "resp_0"}, 400, "invalid_request", "previous_response_id"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_is_refused_before_anything_is_sent(
    http: httpx.Client, fields: dict[str, Any], status: int, kind: str, param: str, stream: bool
) -> None:
    reply = http.post("/api/v1/chat", json={**ASK, "stream": stream, **fields})
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error.get("param")) == (status, kind, param)
    assert error["message"].endswith(".")


def test_a_model_that_is_not_in_memory_is_loaded_among_the_events(own_server: LiveServer) -> None:
    body = {**ASK, "model": "demo-moe", "reasoning": "off"}
    events = stream_chat(own_server.http, **body)
    assert types(events) == ["chat.start", *LOADED, *ANSWERED]
    progress = [e["progress"] for e in events if e["type"] == "model_load.progress"]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    end = next(event for event in events if event["type"] == "model_load.end")
    assert end["model_instance_id"] == "demo-moe"
    stats = events[-1]["result"]["stats"]
    assert stats["model_load_time_seconds"] == end["load_time_seconds"] > 0
    assert types(stream_chat(own_server.http, **body)) == ["chat.start", *ANSWERED]
    own_server.http.post("/api/v1/models/unload", json={"instance_id": "demo-moe"})
    assert chat(own_server.http, **body)["stats"]["model_load_time_seconds"] > 0
    own_server.http.post("/api/v1/models/unload", json={"instance_id": "demo-moe"})


def test_a_context_length_loads_the_model_with_it_and_is_not_kept(own_server: LiveServer) -> None:
    http, body = own_server.http, {**ASK, "reasoning": "off", "max_output_tokens": 4}

    def loaded_with() -> int:
        length: int = http.get("/api/v0/models/demo").json()["loaded_context_length"]
        return length

    changed = stream_chat(http, **body, context_length=128)
    assert types(changed)[1:4] == LOADED
    assert loaded_with() == 128
    assert types(stream_chat(http, **body, context_length=128))[1] == ANSWERED[0]
    assert types(stream_chat(http, **body))[1] == ANSWERED[0]
    http.post("/api/v1/models/unload", json={"instance_id": "demo"})
    chat(http, **body)
    assert loaded_with() == 4096


def test_a_context_length_that_the_model_cannot_have_is_an_event(own_server: LiveServer) -> None:
    events = stream_chat(own_server.http, **ASK, context_length=2**20)
    assert types(events) == ["chat.start", "model_load.start", "error", "chat.end"]
    assert events[-2]["error"]["param"] == "context_length"
    reply = own_server.http.post("/api/v1/chat", json={**ASK, "context_length": 2**20})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "context_length"


def test_a_model_in_use_keeps_its_context_length(own_server: LiveServer) -> None:
    endless = {**ASK, "stream": True, "min_tokens": 3000}
    with own_server.http.stream("POST", "/api/v1/chat", json=endless) as reply:
        lines = reply.iter_lines()
        skip_to_delta(lines)
        refused = own_server.http.post("/api/v1/chat", json={**ASK, "context_length": 64})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "context_length"
    own_server.wait_until_idle()


def test_a_client_that_goes_away_frees_its_place(server: LiveServer) -> None:
    endless = {**ASK, "stream": True, "min_tokens": 3000}
    with server.http.stream("POST", "/api/v1/chat", json=endless) as reply:
        skip_to_delta(reply.iter_lines())
    server.wait_until_idle()


def test_a_fault_in_a_stream_is_an_event_and_the_result_what_there_is(
    own_server: LiveServer,
) -> None:
    http = own_server.http
    endless = {**ASK, "stream": True, "min_tokens": 3000}
    with http.stream("POST", "/api/v1/chat", json=endless) as reply:
        lines = reply.iter_lines()
        skip_to_delta(lines)
        http.post("/api/v1/models/unload", json={"instance_id": "demo"})
        events = events_of(lines)
    assert types(events)[-2:] == ["error", "chat.end"]
    assert events[-2]["error"]["code"] == "unavailable"
    assert events[-1]["result"]["output"]
    assert "response_id" not in events[-1]["result"]
