"""The members of JSON objects with their lines, as far as the text can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed
from typing import Any, NamedTuple

_BLANKS = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()


class Member(NamedTuple):
    """One member: its key, the line of the key from 1, and the value with its index in the text.

    In a member that cannot be read, `fault` says why, `line` is where, and the value is None.
    """

    key: str
    line: int
    value: Any = None
    at: int = 0
    fault: str | None = None


def members(text: str, at: int = 0) -> Iterator[Member]:
    """The members of the object at index `at`, up to the first that cannot be read.

    A value is read as a whole; `members(text, member.at)` reads those of an object again.
    """
    at = _skip(text, at)
    if text[at : at + 1] != "{":
        yield Member("", _line(text, at), fault="it must be a JSON object")
        return
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return
    while True:
        key, begin = "", at
        try:
            key, at = _key(text, at)
            value_at = at
            value, at = _decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            yield Member(key, _line(text, error.pos), at=at, fault=_reason(error))
            return
        except (ValueError, RecursionError):
            yield Member(key, _line(text, at), at=at, fault="a value cannot be read")
            return
        yield Member(key, _line(text, begin), value, value_at)
        at = _skip(text, at)
        if text[at : at + 1] == "}":
            return
        if text[at : at + 1] != ",":
            yield Member("", _line(text, at), fault="a comma or } is missing")
            return
        at = _skip(text, at + 1)


def _key(text: str, at: int) -> tuple[str, int]:
    """The key at `at`, and the index of its value."""
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError('a key in " is missing', text, at)
    key, end = scanstring(text, at + 1)
    colon = _skip(text, end)
    if text[colon : colon + 1] != ":":
        raise json.JSONDecodeError("a colon is missing", text, colon)
    return key, _skip(text, colon + 1)


def _reason(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
