"""Reading the JSON files of a checkpoint, with the file and key named in every error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from .model_files import model_text

# No quantity of a model comes near; it keeps products of two finite.
_TOO_LARGE = 2.0**63


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; CheckpointError names the file when there is none."""
    try:
        value = json.loads(model_text(path))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not JSON ({error}); download the model again.") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} must hold a JSON object, not {type(value).__name__}.")
    return value


def number(value: Any, name: str, *, above: float | None = None) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not abs(value) < _TOO_LARGE  # NaN compares false
    ):
        raise CheckpointError(f"{name} is {value!r}; it must be a number.")
    if above is not None and value <= above:
        raise CheckpointError(f"{name} is {value!r}; it must be more than {above}.")
    return value


def token_ids(value: Any, name: str) -> tuple[int, ...]:
    """`eos_token_id` is a number, a list of them, or null."""
    ids = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(i, bool) or not isinstance(i, int) for i in ids):
        raise CheckpointError(f"{name} is {value!r}; it must be a token id or a list of them.")
    return tuple(ids)
