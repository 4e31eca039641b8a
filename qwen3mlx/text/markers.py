"""Markers that arrive in pieces."""

from __future__ import annotations

from collections.abc import Sequence


def partial_marker(text: str, markers: Sequence[str]) -> int:
    """Length of the longest end of `text` that begins, but does not complete, a marker."""
    longest = max(map(len, markers), default=1) - 1
    for start in range(max(0, len(text) - longest), len(text)):
        tail = text[start:]
        if any(marker.startswith(tail) and marker != tail for marker in markers):
            return len(text) - start
    return 0
