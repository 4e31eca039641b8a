"""Find stop strings in an answer as it arrives."""

from __future__ import annotations

from collections.abc import Sequence

from qwen3mlx.errors import InvalidRequestError

from .markers import partial_marker


class StopMatcher:
    """Passes text through up to the first stop string, holding back only what may become one.

    `matched` is that stop string, once there is one.

    The stop string that is complete first wins; of several that end together, the longest.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        if isinstance(stop, str) or not all(isinstance(text, str) and text for text in stop):
            raise InvalidRequestError("stop must be a list of non-empty strings", param="stop")
        self._stop = tuple(stop)
        self._held = ""
        self.matched: str | None = None

    def feed(self, text: str) -> str:
        """Return the text that is certainly before any stop string; "" once one has matched."""
        if self.matched:
            return ""
        text = self._held + text
        match = self._first_match(text)
        if match is None:
            end = len(text) - partial_marker(text, self._stop)
            self._held = text[end:]
        else:
            end, self.matched = match
            self._held = ""
        return text[:end]

    def finish(self) -> str:
        """Return what was held back and never became a stop string."""
        held, self._held = self._held, ""
        return held

    def _first_match(self, text: str) -> tuple[int, str] | None:
        """Return where the winning stop string begins, and which one it is."""
        starts = ((text.find(stop), stop) for stop in self._stop)
        matches = [(start + len(stop), start, stop) for start, stop in starts if start >= 0]
        return min(matches)[1:] if matches else None
