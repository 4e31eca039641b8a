"""Token ids -> text while they arrive: never half a character, constant time per token."""

from __future__ import annotations

import codecs
from collections.abc import Callable

_UTF8 = codecs.getincrementaldecoder("utf-8")


class StreamingDetokenizer:
    """What all `add`s and `finish` return, joined, equals decoding the whole sequence at once.

    It keeps the bytes of one unfinished character, never the tokens. Bytes that are no UTF-8 become
    U+FFFD as soon as they cannot become a character any more.
    """

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes
        self._decoder = _UTF8(errors="replace")

    def add(self, token_id: int) -> str:
        """The text that this token completes; "" while a character is still open."""
        return self._decoder.decode(self._token_bytes(token_id))

    def finish(self) -> str:
        """U+FFFD for a character that never came to its end, else ""."""
        return self._decoder.decode(b"", final=True)
