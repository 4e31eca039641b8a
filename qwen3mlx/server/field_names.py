"""A dialect's own names of fields, in errors that are raised further in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..errors import ContextLengthError, InvalidRequestError

_INDEX = re.compile(r"\[\d+\]")


@contextmanager
def own_field_names(names: Mapping[str, str]) -> Iterator[None]:
    """An InvalidRequestError raised inside has, for its field, the name that `names` gives it.

    A path is looked up as it is, without its indices, and by the parts that begin with a dot.
    """
    try:
        yield
    except InvalidRequestError as error:
        theirs = error.param or ""
        ours = _renamed(theirs, names)
        # Clients look for the very words of a context that is full.
        if ours != theirs and not isinstance(error, ContextLengthError):
            message = re.sub(rf"(?<![\w.]){re.escape(theirs)}(?!\w)", lambda _: ours, str(error))
            error.args = (message, *error.args[1:])
        if theirs:
            error.param = ours
        raise


def _renamed(param: str, names: Mapping[str, str]) -> str:
    for whole in (param, _INDEX.sub("[]", param)):
        if whole in names:
            return names[whole]
    for theirs, ours in names.items():
        if theirs.startswith("."):
            param = param.replace(theirs, ours)
    return param
