"""Decides which tokens may come next in an answer that must follow a grammar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import InvalidRequestError
from ..thought import Thought
from .grammar import Grammar, reason
from .unchecked import Check, Unchecked

if TYPE_CHECKING:
    from llguidance import LLMatcher

# Qwen3 writes "\n\n" between its thought and its answer.
_NEWLINES = 2


class Constraint:
    """Follows one answer token by token.

    Its `thought` is unconstrained except for its end: while the grammar covers the whole answer,
    stop tokens are not allowed within it. When the grammar is complete, only stop tokens may
    follow.

    A value that `check` covers is checked when it is complete: a call after the token `close` of
    `call_ids`, an answer at its end.
    """

    def __init__(
        self,
        grammar: Grammar,
        *,
        thought: Thought[int],
        check: Check | None = None,
        call_ids: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self._grammar = grammar
        self._thought = thought
        self._newlines = 0  # tokens still allowed between the thought and the answer
        self._check_of = check
        self._call_ids = call_ids
        self._unchecked: Unchecked | None = None
        self._matcher: LLMatcher | None = None  # None: unconstrained until the grammar's trigger
        self._is_at_start = grammar.trigger_id is None
        if self._is_at_start:
            self._matcher = grammar.matcher()

    @property
    def is_done(self) -> bool:
        """Whether the grammar is complete, so that only a stop token may follow."""
        matcher = self._matcher
        return self._thought.place == "off" and matcher is not None and matcher.is_stopped()

    @property
    def waits_for(self) -> int | None:
        """The only token that would change what may follow; None: any may."""
        if self._thought.is_inside:
            return self._thought.closing
        is_free = self._matcher is None and self._thought.place == "off"
        return self._grammar.trigger_id if is_free else None

    @property
    def is_unchecked(self) -> bool:
        """Whether the last tokens may still be taken back."""
        return self._unchecked is not None

    def mask(self) -> bytes | None:
        """Return a bit for each id that may come next, lowest first, in 32-bit words; None: all
        may.

        Raises InvalidRequestError if the grammar is too complex to continue.
        """
        if self._matcher is None:
            return None
        tokenizer = self._grammar.tokenizer
        if self._thought.is_inside:
            return tokenizer.text_mask
        mask = self._mask_of(self._matcher)
        if self._unchecked is not None:
            mask = self._unchecked.allowed(mask)
        if self._thought.place == "auto" and self._thought.opening is not None:
            mask = _with(mask, (self._thought.opening,))
        return _with(mask, (i for i, n in tokenizer.newlines.items() if n <= self._newlines))

    def _mask_of(self, matcher: LLMatcher) -> bytes:
        mask = matcher.compute_bitmask()[: self._grammar.tokenizer.mask_size]
        self._check(matcher)
        return mask

    def observe(self, token_id: int) -> int:
        """Take a token that was sampled or forced.

        Returns how many tokens are taken back, including this one: usually none. Raises
        InvalidRequestError for a token that the grammar does not allow, and for a value that cannot
        be made to pass its check.
        """
        is_marker = self._thought.observe(token_id)
        if self._thought.is_inside:
            return 0
        if is_marker:
            self._newlines = _NEWLINES
            return 0
        return self._observe_answer(token_id)

    def _observe_answer(self, token_id: int) -> int:
        grammar = self._grammar
        if self._matcher is None:
            if token_id == grammar.trigger_id:
                self._matcher = grammar.matcher()
                self._newlines = 0
                self._begin(self._matcher, is_call=True)
            return 0
        width = grammar.tokenizer.newlines.get(token_id, _NEWLINES + 1)
        if width <= self._newlines:
            self._newlines -= width
            return 0
        self._newlines = 0
        taken_back = self._follow(self._matcher, token_id)
        if grammar.repeats and self.is_done:
            self._matcher = None
        return taken_back

    def _follow(self, matcher: LLMatcher, token_id: int) -> int:
        open_id, close_id = self._call_ids
        if self._is_at_start and token_id != open_id:
            self._begin(matcher, is_call=False)
        self._is_at_start = False
        matcher.consume_token(token_id)
        self._check(matcher)
        if token_id == open_id:
            self._begin(matcher, is_call=True)
        elif self._unchecked is not None:
            self._unchecked.add(token_id)
            if token_id == close_id or matcher.is_stopped():
                return self._finish(self._unchecked)
        return 0

    def _begin(self, matcher: LLMatcher, *, is_call: bool) -> None:
        """Start a value with the next token."""
        check = self._check_of
        if check is not None and check.covers(is_call=is_call):
            self._unchecked = Unchecked(check, self._grammar, matcher, is_call=is_call)

    def _finish(self, unchecked: Unchecked) -> int:
        """Finish a value."""
        before = len(unchecked)
        matcher = unchecked.finish(self._mask_of)
        if matcher is None:
            self._unchecked = None
            return 0
        self._matcher = matcher
        return before - len(unchecked)

    def _check(self, matcher: LLMatcher) -> None:
        if matcher.is_error():
            param = self._grammar.param
            raise InvalidRequestError(
                f"The answer can no longer follow {param} ({reason(matcher.get_error())}): "
                "simplify it.",
                param=param,
            )


def _with(mask: bytes, token_ids: Iterable[int]) -> bytes:
    """Return `mask` with more ids allowed."""
    more = bytearray(mask)
    for token_id in token_ids:
        more[token_id // 8] |= 1 << token_id % 8
    return bytes(more)
