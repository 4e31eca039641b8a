"""Counted tokens of texts and chats equal those when they are sent."""

from __future__ import annotations

from ...live import LiveServer
from .support import chat, get, refused, send

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


def test_counting_loads_nothing(own: LiveServer) -> None:
    messages = [{"role": "user", "content": "Hello there"}]
    body = {"texts": ["Hello there", "", "Hello there " * 50], "messages": messages}
    counted = send(own, "POST", "/tokens", body)
    assert counted["model"] == "demo"
    one, empty, many = counted["texts"]
    assert empty == 0 < one < many
    assert one < counted["chat"] < many
    assert get(own, "/status")["models"] == []
    usage = chat(own, messages=messages, max_tokens=1).json()["usage"]
    assert counted["chat"] == usage["prompt_tokens"]
    assert send(own, "POST", "/tokens", body) == counted


def test_tools_and_thinking_count(server: LiveServer) -> None:
    messages = [{"role": "user", "content": "Hello there"}]

    def cost(**fields: object) -> int:
        body = {"model": "demo", "messages": messages, **fields}
        counted: int = send(server, "POST", "/tokens", body)["chat"]
        return counted

    assert cost(tools=[WEATHER]) > cost()
    assert cost(enable_thinking=False) > cost(enable_thinking=True)


def test_the_context_is_the_one_it_would_be_loaded_with(own: LiveServer) -> None:
    send(own, "PUT", "/models/settings", {"model": "demo", "context_length": 512})
    assert send(own, "POST", "/tokens", {"model": "demo"}) == {
        "model": "demo",
        "texts": [],
        "chat": None,
        "context_length": 512,
        "at_least": False,
    }


def test_wrong_bodies_are_named(server: LiveServer) -> None:
    assert refused(server, "POST", "/tokens", {"texts": "one"})["param"] == "texts"
    assert refused(server, "POST", "/tokens", {"texts": [1]})["param"] == "texts[0]"
    wrong = {"messages": [{"role": "wizard", "content": "x"}]}
    assert "messages" in refused(server, "POST", "/tokens", wrong)["param"]
