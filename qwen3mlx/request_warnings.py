"""What an answer is made without: a line in the log, and a header of the reply.

`warn` works wherever a request is read or prepared, however deep, also on a worker thread that was
started with `asyncio.to_thread`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)


def warn(text: str) -> None:
    """Say, in one sentence, what of the request is left out or weakened, and why.

    It names fields, never what was asked: the log must not hold a prompt. Once for each request.
    """
    line = " ".join(text.split())
    collected = _collected.get()
    if collected is not None:
        if line in collected:
            return
        collected.append(line)
    logger.warning("%s", line if line.isprintable() else repr(line))


@contextmanager
def collecting_warnings() -> Iterator[list[str]]:
    """The warnings of all that runs inside, in a list that grows."""
    collected: list[str] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)
