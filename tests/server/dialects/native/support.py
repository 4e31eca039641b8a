"""A client of the native API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from ...live import LiveServer

BASE = "/api/qwen3mlx"

Event = tuple[str, dict[str, Any]]


def get(server: LiveServer, path: str, /, **params: Any) -> Any:
    """Send it as the app does: with an admin token."""
    reply = server.http.get(BASE + path, params=params, headers=server.person)
    assert reply.status_code == 200, reply.text
    return reply.json()


def send(server: LiveServer, method: str, path: str, body: Any = None, /, **params: Any) -> Any:
    reply = server.http.request(
        method, BASE + path, json=body, params=params, headers=server.person
    )
    assert reply.status_code == 200, reply.text
    return reply.json()


def refused(server: LiveServer, method: str, path: str, body: Any = None, /, **params: Any) -> Any:
    """The error object of a request that must be answered with 400."""
    reply = server.http.request(
        method, BASE + path, json=body, params=params, headers=server.person
    )
    assert reply.status_code == 400, reply.text
    return reply.json()["error"]


def events(reply: httpx.Response) -> Iterator[Event]:
    """Return a stream's events, without comments."""
    name = ""
    for line in reply.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def load(server: LiveServer, model: str) -> list[Event]:
    asked: dict[str, Any] = {"json": {"model": model}, "headers": server.person}
    with server.http.stream("POST", f"{BASE}/models/load", **asked) as reply:
        assert reply.status_code == 200
        return list(events(reply))


def model(server: LiveServer, model_id: str, **params: Any) -> dict[str, Any]:
    found = [m for m in get(server, "/models", **params)["models"] if m["id"] == model_id]
    assert len(found) == 1
    return found[0]


def chat(server: LiveServer, **fields: Any) -> httpx.Response:
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], **fields}
    return server.http.post("/v1/chat/completions", json=body)


@contextmanager
def long_answer(server: LiveServer) -> Iterator[None]:
    """While an answer without end is being made."""
    body = {"model": "demo", "prompt": "Once", "max_tokens": 4000, "stream": True}
    body |= {"min_tokens": 3999}
    headers = {"User-Agent": "test-client/1.0"}
    stop = threading.Event()
    begun = threading.Event()

    def read() -> None:
        with (
            httpx.Client(base_url=server.url, timeout=30) as http,
            http.stream("POST", "/v1/completions", json=body, headers=headers) as reply,
        ):
            tokens = 0
            for line in reply.iter_lines():
                tokens += line.startswith("data: ")
                if tokens > 2:
                    begun.set()
                if stop.is_set():
                    return

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert begun.wait(20)
        yield
    finally:
        stop.set()
        thread.join()
    server.wait_until_idle()
