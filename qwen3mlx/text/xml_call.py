"""An incremental parser for a call in Qwen3-Coder's form.

    <function=NAME>
    <parameter=KEY>
    value
    </parameter>
    </function>

Nothing in a value is escaped, so its end is known only by what follows: the closing tag is one if
the next parameter or the end of the call comes next. In any other place it is text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from .argument_types import TEXT, UNTYPED, Types, json_of, parameter_types
from .call_reader import CallReader
from .markers import Marker

_FUNCTION, _END_FUNCTION = "<function=", "</function>"
_PARAMETER, _END_PARAMETER = "<parameter=", "</parameter>"
# Blanks between two tags, and letters of a name; what is longer is text.
_MAX_BLANKS = 64
_MAX_NAME = 256


def is_tag_name(name: str) -> bool:
    """Return whether a tag can hold this name of a function or parameter."""
    return 0 < len(name) < _MAX_NAME and name.isprintable() and ">" not in name


class _Tags:
    """Reads tags of `text` from `at` on. `is_cut`: the text ends where a tag could still come."""

    def __init__(self, text: str, at: int = 0) -> None:
        self._text = text
        self.at = at
        self.is_cut = False

    @property
    def is_at_end(self) -> bool:
        return self.at == len(self._text)

    def literal(self, word: str) -> bool:
        here = self._text[self.at : self.at + len(word)]
        if here == word:
            self.at += len(word)
            return True
        self.is_cut |= word.startswith(here) and self.at + len(here) == len(self._text)
        return False

    def blanks(self) -> None:
        end = self.at + _MAX_BLANKS
        while self.at < min(end, len(self._text)) and self._text[self.at] in " \t\r\n":
            self.at += 1

    def name(self, opening: str) -> str | None:
        """Read a tag that begins with `opening`, such as `<parameter=`; return its name."""
        if not self.literal(opening):
            return None
        name, closed, _ = self._text[self.at : self.at + _MAX_NAME].partition(">")
        if not closed:
            self.is_cut |= len(name) < _MAX_NAME and "\n" not in name
            return None
        self.at += len(name) + 1
        return name if is_tag_name(name) else None


class End(NamedTuple):
    """Where a value ends: `start` and `end` of the tags; the next parameter, None for the call's
    end.
    """

    start: int
    end: int
    parameter: str | None


def find_end(
    text: str,
    start: int,
    seen: Collection[str],
    declared: Collection[str],
    *,
    bare: bool = False,
) -> tuple[End | None, int]:
    """Return the end of the value that begins at `text[start]`, or None and how far the value is
    certain.

    What may follow is what the grammar offers: a parameter that was not `seen` and, if the tool
    has any, is `declared`. No grammar held a `bare` call (see `XmlCall`): tags may be missing.
    """
    at = start
    while (at := _next_candidate(text, at)) < len(text):
        tags = _Tags(text, at)
        end = _end_at(tags, at, seen, declared, bare)
        if end is not None or tags.is_cut:
            return end, at
        at += 1
    return None, len(text)


def _next_candidate(text: str, at: int) -> int:
    places = (text.find(character, at) for character in "\n<")
    return min((place for place in places if place >= 0), default=len(text))


def _end_at(
    tags: _Tags, start: int, seen: Collection[str], declared: Collection[str], bare: bool
) -> End | None:
    has_line = tags.literal("\n")
    if not has_line and not bare:
        return None
    is_closed = tags.literal(_END_PARAMETER)
    if not is_closed and not bare:
        return None
    if is_closed:
        tags.blanks()
    name = tags.name(_PARAMETER)
    if name is not None:
        is_any = is_closed and (bare or not declared)
        is_next = is_any or ((is_closed or has_line) and name in declared)
        return End(start, tags.at, name) if is_next and name not in seen else None
    if (is_closed or has_line) and tags.literal(_END_FUNCTION):
        return End(start, tags.at, None)
    tags.is_cut |= is_closed and tags.is_at_end
    return None


def bare_call(text: str, start: int, names: Collection[str]) -> tuple[int, bool]:
    """Return where a call of one of these tools begins without `<tool_call>`, or may begin, and
    whether it does.

    `start` is where a line begins: models forget the marker, but not the line.
    """
    while start < len(text):
        tags = _Tags(text, start)
        name = tags.name(_FUNCTION)
        if name is not None and name in names:
            tags.blanks()
            if tags.literal(_PARAMETER) or tags.literal(_END_FUNCTION):
                return start, True
            tags.is_cut |= tags.is_at_end
        if tags.is_cut and (name is None or name in names):
            return start, False
        line = text.find("\n", start)
        start = line + 1 if line >= 0 else len(text)
    return len(text), False


class XmlCall(CallReader):
    """Returns the arguments as JSON, each value typed by the schema of the tool; texts stream as
    they arrive.

    A call after `<tool_call>` ends at its marker, so a value may hold all of its tags but that. A
    `bare` one, whose opening marker is missing, ends with `</function>`, and other tags may be
    missing in it.
    """

    def __init__(self, tools: Sequence[Mapping[str, Any]], *, bare: bool = False) -> None:
        super().__init__()
        self._tools = tools
        self._is_bare = bare
        self._state: Callable[[], bool] = self._head  # returns False to wait for more
        self._held = ""  # read, but not yet understood
        self._types: Mapping[str, Types] = {}
        self._seen: list[str] = []
        self._value: list[str] = []  # of a parameter that is not text
        self._is_text = False
        self._ends_here = False  # if the marker comes next

    def feed(self, text: str, start: int = 0) -> int:
        """Continue reading at `text[start]`; return where it stopped."""
        if isinstance(text, Marker) and self._ends_here:
            self._close()
            return 0
        self._ends_here = False
        piece = text[start:]
        if not self.ready:
            self._unsent.append(piece)
        self._held += piece
        if isinstance(text, Marker):
            self._take_marker()
        while self.status == "open" and self._held and self._state():
            pass
        if self.status != "complete":
            return len(text)
        rest, self._held = self._held, ""
        return len(text) - len(rest)

    def finish(self) -> None:
        """End the answer; the call is complete if only its marker is missing."""
        if self._ends_here:
            self._close()

    def _take_marker(self) -> None:
        """A marker within a value is text, and belongs to no tag."""
        if self._state == self._in_value:
            self._add(self._held)
            self._held = ""
        else:
            self.status = "invalid"

    def _head(self) -> bool:
        tags = _Tags(self._held)
        tags.blanks()
        name = tags.name(_FUNCTION)
        if name is not None:
            self.name = name
            self._types = parameter_types(self._tools, name)
            return self._enter(self._body, tags.at)
        return self._wait(tags)

    def _body(self) -> bool:
        tags = _Tags(self._held)
        tags.blanks()
        parameter = tags.name(_PARAMETER)
        if parameter is not None:
            return self._begin(parameter, tags.at)
        if tags.literal(_END_FUNCTION):
            self._held = self._held[tags.at :]
            self._close()
            return False
        return self._wait(tags)

    def _wait(self, tags: _Tags) -> bool:
        if not tags.is_cut and not tags.is_at_end:
            self.status = "invalid"
        return False

    def _enter(self, state: Callable[[], bool], end: int) -> bool:
        self._held = self._held[end:]
        self._state = state
        return True

    def _begin(self, parameter: str, end: int) -> bool:
        self._make_ready()
        types = self._types.get(parameter, UNTYPED)
        self._is_text = types == TEXT
        opening = ", " if self._seen else "{"
        key = json.dumps(parameter, ensure_ascii=False)
        self._arguments.append(f"{opening}{key}: " + ('"' if self._is_text else ""))
        self._seen.append(parameter)
        return self._enter(self._first_line, end)

    def _first_line(self) -> bool:
        return self._enter(self._in_value, self._held.startswith("\n"))

    def _in_value(self) -> bool:
        end, certain = find_end(self._held, 0, self._seen, self._types, bare=self._is_bare)
        if end is not None and end.parameter is None and not self._is_bare:
            return self._before_marker(end)
        if end is None:
            self._add(self._held[:certain])
            self._held = self._held[certain:]
            return False
        self._add(self._held[: end.start])
        self._end_value()
        if end.parameter is not None:
            return self._begin(end.parameter, end.end)
        self._held = self._held[end.end :]
        self._close()
        return False

    def _before_marker(self, end: End) -> bool:
        """Wait for the marker: nothing but blanks may come before it."""
        tags = _Tags(self._held, end.end)
        tags.blanks()
        self._ends_here = tags.is_at_end
        certain = end.start if self._ends_here else end.start + 1
        self._add(self._held[:certain])
        self._held = self._held[certain:]
        return not self._ends_here

    def _add(self, text: str) -> None:
        if self._is_text:
            self._arguments.append(json.dumps(text, ensure_ascii=False)[1:-1])
        else:
            self._value.append(text)

    def _end_value(self) -> None:
        if self._is_text:
            self._arguments.append('"')
            return
        types = self._types.get(self._seen[-1], UNTYPED)
        self._arguments.append(json_of("".join(self._value), types))
        self._value = []

    def _make_ready(self) -> None:
        self.ready = True
        self._unsent.clear()

    def _close(self) -> None:
        """End the call. What is held are its closing tags, or what follows them."""
        if self._ends_here:
            self._end_value()
            self._held = ""
        self._make_ready()
        self._arguments.append("}" if self._seen else "{}")
        self.status = "complete"
