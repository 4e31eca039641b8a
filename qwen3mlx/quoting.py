"""Names and values from outside, as an error, a log line or a list may show them.

Nobody needs all of a value to see which one is meant, and no text of a stranger may look like a
line of ours: what cannot be seen (controls, line separators, marks that turn the reading direction,
half surrogate pairs) is written as Python escapes it.
"""

from __future__ import annotations

from reprlib import Repr

# Characters of one value.
MOST = 200


class _Json(Repr):
    """Containers as JSON has them; what JSON does not have, as Python does."""

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
    """A string as Python writes it, all else as JSON; at most MOST characters of any value."""
    if not isinstance(value, (str, bytes)):
        return shortened(_containers.repr(value))
    text = repr(value[:MOST])
    if len(value) <= MOST and len(text) <= MOST:
        return text
    return f"{text[: MOST - 4]}...{text[-1]}"


def printable(text: str) -> str:
    """`text` on one line, with what cannot be seen escaped."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str, most: int = MOST) -> str:
    """Its first `most` characters, the last of which say that there were more."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def size_text(num_bytes: int | float) -> str:
    """`4.4 GB`, `31.2 MB`, `1.2 KB`: decimal units, as systems show them."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= size / 10:
            return f"{num_bytes / size:.1f} {unit}"
    return f"{num_bytes / 1e3:.1f} KB"
