"""Incremental parser of server-sent events: bytes in, events out.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from dataclasses import dataclass

# The longest line; far more than an answer of 10 MB in one event.
MAX_LINE_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is empty if the stream gives none."""

    name: str
    data: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; this server uses them to report the progress of a prompt."""

    text: str


class LineTooLongError(Exception):
    """The data is not an event stream."""


class SseParser:
    """Accepts pieces of any size, cut anywhere."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._ended_with_cr = False
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[Event | Comment]:
        """The events that `piece` completes. Raises LineTooLongError."""
        if self._ended_with_cr and piece.startswith(b"\n"):
            piece = piece[1:]
        if piece:
            self._ended_with_cr = piece.endswith(b"\r")
        *lines, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        found: list[Event | Comment] = []
        for line in lines:
            self._rest.append(line)
            whole = b"".join(self._rest)
            self._rest, self._rest_bytes = [], 0
            if (item := self._line(whole.decode("utf-8", "replace"))) is not None:
                found.append(item)
        self._rest.append(rest)
        self._rest_bytes += len(rest)
        if self._rest_bytes > MAX_LINE_BYTES:
            raise LineTooLongError
        return found

    def _line(self, line: str) -> Event | Comment | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            return Comment(line[1:].removeprefix(" "))
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name, self._data
        self._name, self._data = "", []
        return Event(name, "\n".join(data)) if data else None
