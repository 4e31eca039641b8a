"""Warnings about ignored or weakened parts of a request, for the log and a response header.

`warn` works wherever a request is read or prepared, at any depth, also on a worker thread started
with `asyncio.to_thread`.
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

# Maximum characters of a warning: a path in a schema can be long.
_MOST = 500

logger = logging.getLogger(__name__)

_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)
_FIELD = re.compile(r"[A-Za-z_][\w.\[\]]*")


def warn(text: str) -> None:
    """Add a one-sentence warning that says what was ignored or weakened, and why.

    The sentence starts with the field, which gets the caller's own name (see `field_names`), and
    must not quote the request: the log must not contain prompts. Each request carries a warning at
    most once; the log has it once, even if an agent triggers it with every request.
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
    """Log a warning once; the cache remembers what has been logged."""
    logger.warning("%s", printable(shortened(line, _MOST)))


@contextmanager
def collecting_warnings() -> Iterator[list[str]]:
    """Collect the warnings of all code that runs inside, in a list that grows."""
    collected: list[str] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)
