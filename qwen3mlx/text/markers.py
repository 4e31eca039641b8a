"""The markers in an answer, and how they differ from text that looks like them.

A marker is one token. Text is data: a `<tool_call>` that a model spells out, for example when it
writes about tool calls, is text. Only if a vocabulary has no such token are its characters the
marker.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence


class Marker(str):
    """A marker's text. Each marker is a single object, so that `piece is THINK` identifies it."""

    __slots__ = ()


THINK, END_THINK = Marker("<think>"), Marker("</think>")
TOOL_CALL, END_TOOL_CALL = Marker("<tool_call>"), Marker("</tool_call>")
MARKERS = (THINK, END_THINK, TOOL_CALL, END_TOOL_CALL)


class MarkerScanner:
    """Finds `markers` by their characters, in text that arrives in pieces."""

    def __init__(self, markers: Collection[Marker] = MARKERS) -> None:
        self._markers = tuple(markers)
        self._held = ""

    def feed(self, text: str) -> list[str]:
        """Return the texts and markers that are certain by now; hold back the rest."""
        text = self._held + text
        pieces: list[str] = []
        while found := self._first(text):
            start, marker = found
            pieces += [text[:start], marker]
            text = text[start + len(marker) :]
        end = len(text) - partial_marker(text, self._markers)
        self._held = text[end:]
        return [piece for piece in [*pieces, text[:end]] if piece]

    def finish(self) -> list[str]:
        """Return what was held back and never became a marker."""
        held, self._held = self._held, ""
        return [held] if held else []

    def _first(self, text: str) -> tuple[int, Marker] | None:
        found = [(text.find(marker), marker) for marker in self._markers]
        return min((one for one in found if one[0] >= 0), default=None)


def partial_marker(text: str, markers: Sequence[str]) -> int:
    """Return the length of the longest suffix of `text` that could become a marker."""
    longest = max(map(len, markers), default=1) - 1
    for start in range(max(0, len(text) - longest), len(text)):
        tail = text[start:]
        if any(marker.startswith(tail) and marker != tail for marker in markers):
            return len(text) - start
    return 0
