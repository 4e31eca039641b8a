"""Requests whose replies are JSON: values, and events that go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from .http import Call, EndpointError, Failed, Http, interrupted, malformed
from .sse import Comment, Event

T = TypeVar("T")

# The server's functions for this window.
OWN = "/api/qwen3mlx"


class JsonApi:
    """Each call ends with `done` or `failed`, later, on the event loop."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        read: Callable[[Any], T],
        done: Callable[[T], None],
        failed: Failed,
    ) -> Call:
        def receive(reply: Any) -> None:
            value = read_value(read, reply)
            if isinstance(value, EndpointError):
                failed(value)
            else:
                done(value)

        return self._http.request(method, path, body, done=receive, failed=failed)

    def _watch(
        self,
        path: str,
        name: str,
        *,
        read: Callable[[Any], T],
        on_value: Callable[[T], None],
        ended: Failed,
    ) -> Call:
        """Report each event `name`, until the call is aborted or the server ends."""

        def receive(item: Event | Comment) -> None:
            if isinstance(item, Event) and item.name == name:
                value = read_value(read, json_object(item.data))
                if not isinstance(value, EndpointError):
                    on_value(value)

        return self._http.listen(
            path, on_item=receive, done=lambda: ended(interrupted()), failed=ended
        )


def read_value(read: Callable[[Any], T], value: Any) -> T | EndpointError:
    """Parse a reply; whatever it contains, the result is a value or an error."""
    try:
        return read(value)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return malformed()


def json_object(text: str) -> dict[str, Any]:
    """Parse an event; what is no JSON object is an empty one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
