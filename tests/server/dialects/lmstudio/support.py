"""Reading streams of named events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx


def events_of(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The data of each event, whose name must be its type."""
    found, name = [], None
    for line in lines:
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            found.append(json.loads(value))
            assert found[-1]["type"] == name
    return found


def skip_to_delta(lines: Iterable[str]) -> None:
    """The answer has begun."""
    for line in lines:
        if line.startswith("data:") and ".delta" in line:
            break


def stream_chat(http: httpx.Client, **body: Any) -> list[dict[str, Any]]:
    """The events of a v1 chat."""
    with http.stream("POST", "/api/v1/chat", json={"stream": True, **body}) as reply:
        assert reply.status_code == 200, reply.read()
        assert reply.headers["content-type"].startswith("text/event-stream")
        return events_of(reply.iter_lines())


def chat(http: httpx.Client, **body: Any) -> dict[str, Any]:
    """The result of a v1 chat."""
    reply = http.post("/api/v1/chat", json=body)
    assert reply.status_code == 200, reply.text
    result: dict[str, Any] = reply.json()
    return result


def types(events: list[dict[str, Any]]) -> list[str]:
    """Return the events' names in order; equal neighbors count once."""
    names = [event["type"] for event in events]
    return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
