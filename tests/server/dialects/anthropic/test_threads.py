"""Conversations stored on the server, as Anthropic's tool runners use them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from anthropic import Anthropic, beta_tool

from ...live import LiveServer

Json = dict[str, Any]

CREATE = {"type": "create"}
TOOL: Json = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
ASK: Json = {"role": "user", "content": "What is the weather in Paris?"}


def post(server: LiveServer, messages: list[Json], thread: Any = None, **fields: Any) -> Any:
    body = {"model": "demo", "max_tokens": 100, "temperature": 0, "messages": messages}
    return server.http.post("/v1/messages", json={**body, "thread": thread, **fields})


def after(reply: httpx.Response) -> Json:
    return {"type": "continue", "previous_message_id": reply.json()["id"]}


def answers(call: Json) -> Json:
    found = {"type": "tool_result", "tool_use_id": call["id"], "content": "17 degrees and rain"}
    return {"role": "user", "content": [found]}


def test_a_thread_goes_on_as_the_whole_conversation_does(server: LiveServer) -> None:
    given = {"tools": [TOOL], "system": "Be brief."}
    first = post(server, [ASK], CREATE, **given)
    call = first.json()["content"][-1]
    assert call["type"] == "tool_use"
    second = post(server, [answers(call)], after(first))
    assert second.status_code == 200, second.text
    whole = [ASK, {"role": "assistant", "content": first.json()["content"]}, answers(call)]
    again = post(server, whole, **given)
    assert second.json()["content"] == again.json()["content"]
    assert second.json()["usage"]["input_tokens"] == again.json()["usage"]["input_tokens"]
    third = post(server, [{"role": "user", "content": "Thanks."}], after(second), max_tokens=3)
    assert third.json()["usage"]["input_tokens"] > second.json()["usage"]["input_tokens"]


def test_half_a_surrogate_pair_is_held_as_any_text(server: LiveServer) -> None:
    body = {"model": "demo", "max_tokens": 1, "thread": CREATE}
    raw = json.dumps({**body, "messages": [{"role": "user", "content": "\ud800"}]})
    reply = server.http.post("/v1/messages", content=raw)
    assert reply.status_code == 200, reply.text


def test_a_stream_is_held_as_well(server: LiveServer) -> None:
    stream = post(server, [ASK], CREATE, stream=True, max_tokens=3).text
    start = next(line for line in stream.splitlines() if "message_start" in line and "data" in line)
    message_id = json.loads(start.removeprefix("data: "))["message"]["id"]
    thread = {"type": "continue", "previous_message_id": message_id}
    more = post(server, [{"role": "user", "content": "Go on."}], thread, max_tokens=3)
    alone = post(server, [{"role": "user", "content": "Go on."}], max_tokens=3)
    assert more.json()["usage"]["input_tokens"] > alone.json()["usage"]["input_tokens"]


def test_an_unknown_thread_is_told_in_the_form_that_sdks_know(server: LiveServer) -> None:
    for thread in ({"type": "continue", "previous_message_id": "msg_none"}, {"type": "continue"}):
        reply = post(server, [ASK], thread)
        assert reply.status_code == 404
        error = reply.json()["error"]
        assert error["type"] == "not_found_error"
        assert error["details"] == {"error_code": "thread_not_found"}


def test_what_was_not_to_be_held_is_not(server: LiveServer) -> None:
    reply = post(server, [ASK], max_tokens=3)
    assert post(server, [ASK], after(reply)).status_code == 404


def test_what_a_thread_keeps_cannot_be_changed(server: LiveServer) -> None:
    first = post(server, [ASK], CREATE, system="Be brief.", max_tokens=3)
    same = post(server, [ASK], after(first), system="Be brief.", max_tokens=3)
    assert same.status_code == 200
    other = post(server, [ASK], after(first), system="Be long.", max_tokens=3)
    assert other.status_code == 400
    assert other.json()["error"]["details"] == {"error_code": "thread_fingerprint_mismatch"}
    assert other.json()["error"]["message"].startswith("system ")


def test_tokens_of_a_thread_are_counted(server: LiveServer) -> None:
    first = post(server, [ASK], CREATE, max_tokens=3)
    body = {"model": "demo", "messages": [ASK]}
    counts = [
        server.http.post("/v1/messages/count_tokens", json={**body, "thread": thread}).json()
        for thread in (None, after(first))
    ]
    assert counts[1]["input_tokens"] > counts[0]["input_tokens"] + 10


@pytest.mark.filterwarnings("ignore")
def test_the_tool_runner_of_anthropics_sdk(client: Anthropic) -> None:
    asked: list[str] = []

    @beta_tool
    def get_weather(city: str) -> str:
        """Weather of a city"""
        asked.append(city)
        return "17 degrees and rain"

    runner = client.beta.messages.tool_runner(
        model="demo",
        max_tokens=200,
        tools=[get_weather],
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        extra_body={"temperature": 0},
    )
    last = runner.until_done()
    assert asked == ["Paris"]
    assert "17 degrees" in "".join(b.text for b in last.content if b.type == "text")
