"""Token ids -> text as they arrive: never half a character, constant time per token."""

from __future__ import annotations

import codecs
from collections.abc import Callable

_UTF8 = codecs.getincrementaldecoder("utf-8")


class StreamingDetokenizer:
    """The joined results of all `add` calls and `finish` equal decoding the whole sequence at once.

    It keeps the bytes of one unfinished character, never the tokens. Bytes that are not UTF-8
    become U+FFFD as soon as they can no longer become a character.
    """

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = _UTF8(errors="replace")

    def add(self, token_id: int) -> str:
        """Return the text that this token completes; "" while a character is incomplete."""
        return self._decoder.decode(self._token_bytes(token_id))

    def finish(self) -> str:
        """Return U+FFFD for a character that was never completed, else ""."""
        return self._decoder.decode(b"", final=True)
