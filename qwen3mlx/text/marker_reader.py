"""Token ids of an answer -> its text, and the markers in it."""

from __future__ import annotations

from .markers import MARKERS, MarkerScanner
from .tokenizer import Tokenizer


class MarkerReader:
    """Turns token ids of an answer into non-empty pieces of text, and the markers among them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        ids = {marker: tokenizer.token_id(marker) for marker in MARKERS}
        self._by_id = {token_id: marker for marker, token_id in ids.items() if token_id is not None}
        self._detokenizer = tokenizer.detokenizer()
        self._spelled = MarkerScanner([marker for marker in MARKERS if ids[marker] is None])

    def add(self, token_id: int) -> list[str]:
        """Add a token and return what it completes."""
        marker = self._by_id.get(token_id)
        if marker is None:
            return self._spelled.feed(self._detokenizer.add(token_id))
        return [*self.finish(), marker]

    def finish(self) -> list[str]:
        """Return what was held back."""
        return [*self._spelled.feed(self._detokenizer.finish()), *self._spelled.finish()]
