"""Plans and their outputs as JSON. Only the classes listed here can come out of it."""

from __future__ import annotations

import base64
import json
from typing import Any

from .. import errors
from ..engine import plan
from ..engine.outputs import Token

_VALUES: dict[str, Any] = {
    each.__name__: each
    for each in (
        *(plan.OpenRow, plan.GrowRow, plan.TrimRow, plan.CloseRow, plan.FillRow),
        *(plan.CacheBlocks, plan.DropBlocks, plan.Reset, plan.RowSampling),
        *(plan.Draw, plan.DecodeRow, plan.LateDraw, plan.DecodeBatch, plan.PrefillChunk),
        *(plan.StepPlan, plan.Fault, plan.StepOutputs, Token),
    )
}
_ERRORS: dict[str, type[errors.Qwen3MLXError]] = {
    each.__name__: each
    for each in (
        errors.CheckpointError,
        errors.InvalidRequestError,
        errors.MemoryBudgetError,
        errors.ModelNotFoundError,
        errors.UnavailableError,
        errors.UsageError,
    )
}
# What a rank and its server say to each other every BEAT seconds.
ALIVE: dict[str, Any] = {"alive": True}
BEAT = 1.0

_BYTES, _ERROR = "bytes", "error"


def packed(value: Any) -> Any:
    """Return what JSON can hold: of numbers, strings, bytes, errors, and (named) tuples of them."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    if isinstance(value, Exception):
        return {_ERROR: [type(value).__name__, str(value)]}
    if not isinstance(value, tuple | list):
        raise TypeError(f"{type(value).__name__} is no part of a plan")
    values = [packed(each) for each in value]
    name = type(value).__name__
    return {name: values} if name in _VALUES else values


def unpacked(value: Any) -> Any:
    """Return the value of which `packed` made this. Raises ValueError for anything else."""
    if isinstance(value, list):
        return tuple(map(unpacked, value))
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError("not a value of a plan")
    ((name, held),) = value.items()
    if name == _BYTES:
        return base64.b64decode(held, validate=True)
    if name == _ERROR:
        kind, text = held
        return _ERRORS.get(kind, RuntimeError)(str(text))
    if name not in _VALUES or not isinstance(held, list):
        raise ValueError(f"{name} is no part of a plan")
    try:
        return _VALUES[name](*map(unpacked, held))
    except TypeError:
        raise ValueError(f"{name} has other fields") from None


def line(message: dict[str, Any]) -> bytes:
    """Return a message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
