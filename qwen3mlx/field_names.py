"""A caller's own names of fields, in errors and warnings that are raised further in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import ContextLengthError, InvalidRequestError

_names: ContextVar[Mapping[str, str] | None] = ContextVar("_names", default=None)


@contextmanager
def own_field_names(names: Mapping[str, str]) -> Iterator[None]:
    """An InvalidRequestError raised inside has, for its field, the name that `names` gives it.

    `names` may have the path itself, or how it begins: the longest counts. See `own_name`.
    """
    token = _names.set(names)
    try:
        yield
    except InvalidRequestError as error:
        _rename(error)
        raise
    finally:
        _names.reset(token)


def own_name(path: str) -> str:
    """What the caller calls the field at `path`: with the names of the surrounding block."""
    names = _names.get() or {}
    end = len(path)
    while end > 0:
        if (known := names.get(path[:end])) is not None:
            return known + path[end:]
        end = max(path.rfind(".", 0, end), path.rfind("[", 0, end))
    return path


def _rename(error: InvalidRequestError) -> None:
    theirs = error.param or ""
    ours = own_name(theirs)
    # Clients look for the very words of a context that is full.
    if ours != theirs and not isinstance(error, ContextLengthError):
        message = re.sub(rf"(?<![\w.]){re.escape(theirs)}(?!\w)", lambda _: ours, str(error))
        error.args = (message, *error.args[1:])
    if theirs:
        error.param = ours
