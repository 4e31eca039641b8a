"""Translate field names to the caller's own in errors and warnings raised further down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import ContextLengthError, InvalidRequestError

_names: ContextVar[Mapping[str, str] | None] = ContextVar("_names", default=None)


@contextmanager
def own_field_names(names: Mapping[str, str]) -> Iterator[None]:
    """Rename the field of any InvalidRequestError raised inside, as `names` says.

    `names` maps a full path or a prefix of one; the longest match wins. See `own_name`.
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
    """Return the caller's name for the field at `path`, using the surrounding block's names."""
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
    # Clients search for the exact wording of a context-length error.
    if ours != theirs and not isinstance(error, ContextLengthError):
        message = re.sub(rf"(?<![\w.]){re.escape(theirs)}(?!\w)", lambda _: ours, str(error))
        error.args = (message, *error.args[1:])
    if theirs:
        error.param = ours
