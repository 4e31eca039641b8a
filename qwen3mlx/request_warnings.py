"""What an answer is made without: a line in the log, and a header of the reply.

`warn` works wherever a request is read or prepared, however deep, also on a worker thread that was
started with `asyncio.to_thread`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from .field_names import own_name
from .quoting import printable, shortened

# Characters of a warning: a place in a schema may have a long name.
_MOST = 500

logger = logging.getLogger(__name__)

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)
_FIELD = re.compile(r"[A-Za-z_][\w.\[\]]*")


def warn(text: str) -> None:
    """Say, in one sentence, what of the request is left out or weakened, and why.

    It begins with the field, which gets the caller's own name (see `field_names`), and holds
    nothing that was asked: the log must not hold a prompt. Once for each request; what an agent
    sends with each of its requests is in the log once.
    """
    line = _FIELD.sub(lambda field: own_name(field[0]), " ".join(text.split()), count=1)
    collected = _collected.get()
    if collected is not None:
        if line in collected:
            return
        collected.append(line)
    _log(line)


@lru_cache(maxsize=1000)
def _log(line: str) -> None:
    """The cache is the memory of what the log has."""
    logger.warning("%s", printable(shortened(line, _MOST)))


@contextmanager
def collecting_warnings() -> Iterator[list[str]]:
    """The warnings of all that runs inside, in a list that grows."""
    collected: list[str] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)
