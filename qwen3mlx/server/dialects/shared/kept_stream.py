"""The reply of a dialect that keeps answers, so that a later request can continue them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ....events import Finished, Prefill
from ...http.errors import ApiError
from ...http.respond import Message, Writer
from ...http.sse import prefill_comment

T = TypeVar("T")


class KeptStream(Generic[T]):
    """A `writer`'s messages; calls `keep` before the client learns that the answer is complete."""

    def __init__(self, writer: Writer[T], keep: Callable[[], None]) -> None:
        self.format = writer.format
        self.start = writer.start
        self.end = writer.end
        self.whole = writer.whole
        self._add, self._fail = writer.add, writer.fail
        self._keep = keep

    def add(self, event: T) -> Iterable[Message]:
        if isinstance(event, Prefill):
            return [prefill_comment(event)]
        messages = self._add(event)
        if isinstance(event, Finished):
            self._keep()
        return messages

    def fail(self, error: ApiError) -> Iterable[Message]:
        return [*self._fail(error), *self.end()]
