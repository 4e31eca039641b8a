"""An incremental parser for the JSON object inside `<tool_call>`."""

from __future__ import annotations

import json

from .call_reader import CallReader
from .json_scanner import JsonScanner

_SPACE = " \t\n\r"
_ARGUMENTS = "arguments"
_PUNCTUATION: dict[str, dict[str, str]] = {  # expected item -> character -> next expected item
    "object": {"{": "first key"},
    "first key": {'"': "key", "}": "end"},
    "another key": {'"': "key"},
    "colon": {":": "value"},
    "comma": {",": "another key", "}": "end"},
}


class CallEnvelope(CallReader):
    """`{"name": ..., "arguments": {...}}` in any order; other members are skipped.

    Models also write `parameters`, as tools declare them, for `arguments`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._expect = "object"
        self._scanner: JsonScanner | None = None
        self._key = ""
        self._seen: set[str] = set()
        self._raw: list[str] = []  # of the key or value being read
        self._streaming = False  # that value is the arguments' object

    def feed(self, text: str, start: int = 0) -> int:
        """Continue reading at `text[start]`; return where it stopped (see `JsonScanner.feed`)."""
        position = start
        while self.status == "open" and position < len(text):
            if self._scanner is None:
                position = self._punctuation(text, position)
            else:
                position = self._scan(self._scanner, text, position)
        return position

    def finish(self) -> None:
        """End the answer; JSON that is not complete by then is not a call."""

    def _punctuation(self, text: str, position: int) -> int:
        character = text[position]
        if character in _SPACE:
            self._unsent.append(character)
            return position + 1
        if self._expect == "value":
            self._begin_value(character)
            return position
        following = _PUNCTUATION[self._expect].get(character)
        if following is None:
            self.status = "invalid"
            return position
        self._expect = following
        if following == "key":
            self._begin()
            return position
        self._unsent.append(character)
        if following == "end":
            self._end()
        return position + 1

    def _begin(self) -> None:
        self._scanner = JsonScanner()
        self._raw = []

    def _begin_value(self, character: str) -> None:
        self._begin()
        if self._key == _ARGUMENTS and character == "{":
            self._streaming = True
            self._check_ready()

    def _scan(self, scanner: JsonScanner, text: str, position: int) -> int:
        end = scanner.feed(text, position)
        piece = text[position:end]
        if self._streaming:
            self._arguments.append(piece)
        else:
            self._raw.append(piece)
        if not self.ready or not self._streaming:
            self._unsent.append(piece)
        if scanner.status == "invalid":
            self.status = "invalid"
        elif scanner.status == "complete":
            self._scanner = None
            self._end_value()
        return end

    def _end_value(self) -> None:
        raw = "".join(self._raw)
        if self._expect == "key":
            self._end_key(json.loads(raw))
            return
        self._expect = "comma"
        if self._streaming:
            self._streaming = False
        elif self._key == "name":
            self._end_name(raw)
        elif self._key == _ARGUMENTS:
            self._end_text_arguments(raw)

    def _end_key(self, key: str) -> None:
        key = _ARGUMENTS if key == "parameters" else key
        self._key = key
        self._expect = "colon"
        if key in self._seen and key in ("name", _ARGUMENTS):
            self.status = "invalid"
        self._seen.add(key)

    def _end_name(self, raw: str) -> None:
        name = json.loads(raw) if raw.startswith('"') else ""
        if not name.isprintable() or not name:  # an escaped lone surrogate is not printable either
            self.status = "invalid"
            return
        self.name = name
        self._check_ready()

    def _end_text_arguments(self, raw: str) -> None:
        """Handle arguments that are not an object: models also write null, or the object as a
        string.
        """
        text = json.loads(raw) if raw.startswith('"') else raw
        if text in ("", "null"):
            text = "{}"
        if not _is_object(text):
            self.status = "invalid"
            return
        self._arguments = [text]
        self._check_ready()

    def _end(self) -> None:
        if not self.name:
            self.status = "invalid"
            return
        if _ARGUMENTS not in self._seen:
            self._arguments = ["{}"]
        self.ready = True
        self._unsent.clear()
        self.status = "complete"

    def _check_ready(self) -> None:
        if self.name and (self._streaming or self._arguments) and not self.ready:
            self.ready = True
            self._unsent.clear()


def _is_object(text: str) -> bool:
    """Return whether `text` is strict JSON between braces, in valid Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    scanner = JsonScanner()
    end = scanner.feed(text)
    inside = text[:end].lstrip(_SPACE)
    return inside.startswith("{") and scanner.status == "complete" and not text[end:].strip(_SPACE)
