"""Which tokens may come next in an answer that must follow a grammar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from ..errors import Qwen3MLXError
from .grammar import Grammar, reason

if TYPE_CHECKING:
    from llguidance import LLMatcher

ThinkingStart = Literal["auto", "inside", "off"]

# Qwen3 writes "\n\n" between its thought and its answer.
_NEWLINES = 2


class Constraint:
    """Follows one answer token by token.

    `thinking` says where the answer begins: inside a thought, past it, or (`auto`) free to open one
    with its first token. A thought is free but for its end: while the grammar holds the whole
    answer, none of the stop tokens may come before `close_id`. Where `close_id` is None there is no
    thought to wait for. When the grammar is complete, only stop tokens may follow.
    """

    def __init__(
        self,
        grammar: Grammar,
        *,
        thinking: ThinkingStart = "off",
        open_id: int | None = None,
        close_id: int | None = None,
    ) -> None:
        self._grammar = grammar
        self._open_id = open_id
        self._close_id = close_id
        self._thinking: ThinkingStart = "off" if close_id is None else thinking
        self._newlines = 0  # that may still come between the thought and the answer
        self._matcher: LLMatcher | None = None  # None: free until the grammar's trigger
        if grammar.trigger_id is None:
            self._matcher = grammar.matcher()

    @property
    def is_done(self) -> bool:
        """The grammar is complete: nothing but a stop token may come."""
        matcher = self._matcher
        return self._thinking == "off" and matcher is not None and matcher.is_stopped()

    def mask(self) -> bytes | None:
        """A bit for each id that may come next, lowest first, in words of 32; None: all may.

        Raises Qwen3MLXError where the grammar is too complex to go on with.
        """
        if self._matcher is None:
            return None
        tokenizer = self._grammar.tokenizer
        if self._thinking == "inside":
            return tokenizer.text_mask
        mask = self._matcher.compute_bitmask()[: tokenizer.mask_size]
        self._check(self._matcher)
        if self._thinking == "auto" and self._open_id is not None:
            mask = _with(mask, (self._open_id,))
        return _with(mask, (i for i, n in tokenizer.newlines.items() if n <= self._newlines))

    def observe(self, token_id: int) -> None:
        """Take a token that was generated, drawn or forced.

        Raises Qwen3MLXError for one that the grammar does not allow.
        """
        if self._thinking == "inside":
            if token_id == self._close_id:
                self._thinking = "off"
                self._newlines = _NEWLINES
        elif self._thinking == "auto" and token_id == self._open_id:
            self._thinking = "inside"
        else:
            self._thinking = "off"
            self._observe_answer(token_id)

    def _observe_answer(self, token_id: int) -> None:
        grammar = self._grammar
        if self._matcher is None:
            if token_id == grammar.trigger_id:
                self._matcher = grammar.matcher()
                self._newlines = 0
            return
        width = grammar.tokenizer.newlines.get(token_id, _NEWLINES + 1)
        if width <= self._newlines:
            self._newlines -= width
            return
        self._newlines = 0
        self._matcher.consume_token(token_id)
        self._check(self._matcher)
        if grammar.repeats and self.is_done:
            self._matcher = None

    def _check(self, matcher: LLMatcher) -> None:
        if matcher.is_error():
            raise Qwen3MLXError(
                "The answer cannot follow the request's grammar any further "
                f"({reason(matcher.get_error())}): simplify the schema."
            )


def _with(mask: bytes, token_ids: Iterable[int]) -> bytes:
    """`mask` with more ids allowed."""
    more = bytearray(mask)
    for token_id in token_ids:
        more[token_id // 8] |= 1 << token_id % 8
    return bytes(more)
