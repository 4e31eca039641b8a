"""Format names and values from outside for an error, a log line or a list.

A value is shortened, because a part of it is enough to recognize it, and no untrusted text may look
like one of our lines: invisible characters (controls, line separators, bidirectional marks, lone
surrogates) are written as Python escapes.
"""

from __future__ import annotations

from reprlib import Repr

# Characters shown of one value.
MOST = 200


class _Json(Repr):
    """Formats containers as JSON does, and values that JSON lacks as Python does."""

    def repr_str(self, value: str, level: int) -> str:
        text = value[: self.maxstring].replace("\\", "\\\\").replace('"', '\\"')
        text = printable(text)
        if max(len(value), len(text) + 2) <= self.maxstring:
            return f'"{text}"'
        return f'"{text[: self.maxstring - 5]}..."'

    def repr_tuple(self, value: tuple[object, ...], level: int) -> str:
        return self.repr_list(list(value), level)

    def repr_bool(self, value: bool, level: int) -> str:
        return "true" if value else "false"

    def repr_NoneType(self, value: None, level: int) -> str:
        return "null"


_containers = _Json()
_containers.maxlevel = 3
_containers.maxlist = _containers.maxtuple = _containers.maxdict = _containers.maxset = 10
_containers.maxstring, _containers.maxother = 60, MOST


def quoted(value: object) -> str:
    """Return a string as Python writes it, anything else as JSON; at most MOST characters."""
    if not isinstance(value, (str, bytes)):
        return shortened(_containers.repr(value))
    text = repr(value[:MOST])
    if len(value) <= MOST and len(text) <= MOST:
        return text
    return f"{text[: MOST - 4]}...{text[-1]}"


def printable(text: str) -> str:
    """Return `text` on one line, with invisible characters escaped."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str, most: int = MOST) -> str:
    """Return `text` cut to `most` characters, ending in "..." if it was longer."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def size_text(num_bytes: int | float) -> str:
    """Format as `4.4 GB`, `31.2 MB` or `1.2 KB`, in decimal units as operating systems do."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= size / 10:
            return f"{num_bytes / size:.1f} {unit}"
    return f"{num_bytes / 1e3:.1f} KB"
