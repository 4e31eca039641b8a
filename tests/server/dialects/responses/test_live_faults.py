"""`/v1/responses` when something fails midway."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from openai import APIError, OpenAI

from qwen3mlx.events import Finished

from ...live import LiveServer

LONG: Any = {"model": "demo", "input": "Hello!"}
# Keeps the response running when the test acts.
MIN_TOKENS = {"min_tokens": 3000}


def test_a_fault_in_a_stream_is_told(server: LiveServer, http: httpx.Client) -> None:
    events = []
    with http.stream("POST", "/responses", json={**LONG, **MIN_TOKENS, "stream": True}) as reply:
        for line in reply.iter_lines():
            if line.startswith("data: {"):
                events.append(json.loads(line.removeprefix("data: ")))
                if events[-1]["type"] == "response.content_part.added":
                    server.service.engine.unload("demo").result()
    error, failed = events[-2:]
    assert error["type"] == "error"
    assert error["error"]["message"]
    assert failed["type"] == "response.failed"
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["message"] == error["error"]["message"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert http.get(f"/responses/{failed['response']['id']}").status_code == 404


def test_openais_client_raises_it(server: LiveServer, client: OpenAI) -> None:
    def read_on() -> None:
        for event in stream:
            if event.type == "response.content_part.added":
                server.service.engine.unload("demo").result()

    stream = client.responses.create(stream=True, extra_body=MIN_TOKENS, **LONG)
    with stream, pytest.raises(APIError) as caught:
        read_on()
    assert "unloaded" in caught.value.message


@pytest.mark.parametrize("last_read", ["response.created", "response.content_part.added"])
def test_a_client_that_leaves_ends_its_request(
    server: LiveServer, client: OpenAI, last_read: str
) -> None:
    complete: list[Finished] = []
    server.service.on_finished.append(complete.append)
    with client.responses.create(stream=True, extra_body=MIN_TOKENS, **LONG) as stream:
        next(event for event in stream if event.type == last_read)
    server.wait_until_idle()
    server.service.on_finished.remove(complete.append)
    assert not complete


def test_compaction_is_not_offered(http: httpx.Client) -> None:
    reply = http.post("/responses/compact", json={"model": "demo", "input": "Hi"})
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "not_supported"


@pytest.mark.parametrize("path", ["", "/input_items"])
def test_an_unknown_response(http: httpx.Client, path: str) -> None:
    reply = http.get(f"/responses/resp_unknown{path}")
    assert reply.status_code == 404
    error = reply.json()["error"]
    assert (error["param"], error["code"]) == ("response_id", "response_not_found")
    assert "resp_unknown" in error["message"]
    assert http.delete("/responses/resp_unknown").status_code == 404


@pytest.mark.parametrize(
    ("query", "param"),
    [("limit=0", "limit"), ("order=up", "order"), ("after=msg_unknown", "after")],
)
def test_bad_queries_are_named(http: httpx.Client, query: str, param: str) -> None:
    body = {**LONG, "max_output_tokens": 1}
    response_id = http.post("/responses", json=body).json()["id"]
    reply = http.get(f"/responses/{response_id}/input_items?{query}")
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param


def test_a_finished_response_is_not_streamed_again(http: httpx.Client) -> None:
    body = {**LONG, "max_output_tokens": 1}
    response_id = http.post("/responses", json=body).json()["id"]
    reply = http.get(f"/responses/{response_id}?stream=true")
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "stream"
