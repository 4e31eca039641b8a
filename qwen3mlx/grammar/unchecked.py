"""A value that a grammar enforces only in part; it is checked when it is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from llguidance import LLMatcher

    from .grammar import Grammar

# Each costs one step, plus the steps computed after the wrong part.
MAX_REFUSALS = 32


class Check(Protocol):
    """The check that finished values must pass."""

    def covers(self, *, is_call: bool) -> bool:
        """Return False if there is nothing to check."""

    def fault(self, text: str, *, is_call: bool) -> tuple[int, int, str] | None:
        """Return start and end of the first wrong part of `text`, and the part of the schema it
        violates.
        """


class Unchecked:
    """The tokens of one value, and those that were rejected after them.

    If the value turns out to be wrong, the token that ends the wrong part is rejected and the
    answer continues from there; when no token is left, the token before it is rejected as well.
    """

    def __init__(
        self, check: Check, grammar: Grammar, matcher: LLMatcher, *, is_call: bool
    ) -> None:
        self._check = check
        self._tokenizer = grammar.tokenizer
        self._param = grammar.param
        self._start = matcher.deep_copy()
        self._is_call = is_call
        self._ids: list[int] = []
        self._refused: dict[int, set[int]] = {}
        self._num_refusals = 0

    def add(self, token_id: int) -> None:
        self._ids.append(token_id)

    def finish(self, matches: Callable[[LLMatcher], bytes]) -> LLMatcher | None:
        """Check the complete value. Returns None if it is valid.

        Otherwise returns a matcher from which another token may be tried, and the `refused` tokens
        to remove from a mask that `matches` makes of it. Raises InvalidRequestError if there is no
        alternative.
        """
        pieces = [self._bytes(token_id) for token_id in self._ids]
        text = b"".join(pieces).decode()
        fault = self._check.fault(text, is_call=self._is_call)
        if fault is None:
            return None
        begin, end, part = fault
        self._num_refusals += 1
        last = text[end - 1]
        if last in "]}":  # with the blanks before it
            end = len(text[: end - 1].rstrip()) + 1
        elif text[begin] in "-0123456789":
            end = begin + 1  # more digits cannot help
        index = _index_of(pieces, len(text[:end].encode()) - 1)
        self._refuse(index, self._alike(index, last))
        while self._num_refusals <= MAX_REFUSALS:
            matcher = self._start.deep_copy()
            matcher.consume_tokens(self._ids)
            if any(self.allowed(matches(matcher))):
                return matcher
            if not self._ids:
                break
            self._refuse(len(self._ids) - 1, {self._ids[-1], *self._tokenizer.closing("")})
        raise InvalidRequestError(
            f"Every attempt at the answer violates {part} of {self._param}: "
            "simplify that part, or state its requirement in the prompt.",
            param=self._param,
        )

    def __len__(self) -> int:
        return len(self._ids)

    def allowed(self, mask: bytes) -> bytes:
        """Return `mask` without the tokens that were rejected here."""
        refused = self._refused.get(len(self._ids))
        if not refused:
            return mask
        less = bytearray(mask)
        for token_id in refused:
            less[token_id // 8] &= ~(1 << token_id % 8)
        return bytes(less)

    def _bytes(self, token_id: int) -> bytes:
        tokenizer = self._tokenizer
        return b"" if token_id in tokenizer.marker_ids else tokenizer.token_bytes[token_id]

    def _refuse(self, index: int, token_ids: set[int]) -> None:
        self._refused.setdefault(index, set()).update(token_ids)
        self._refused = {at: ids for at, ids in self._refused.items() if at <= index}
        del self._ids[index:]

    def _alike(self, index: int, last: str) -> set[int]:
        """Return the token there, and every token that would close the same array or object."""
        token_id = self._ids[index]
        same = self._tokenizer.closing(last) if last in "]}" else ()
        return {token_id, *same}


def _index_of(pieces: list[bytes], byte: int) -> int:
    for index, piece in enumerate(pieces):
        byte -= len(piece)
        if byte < 0:
            return index
    return len(pieces) - 1
