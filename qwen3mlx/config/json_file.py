"""Read the JSON files of a checkpoint; every error names the file and the key."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..quoting import quoted
from .model_files import model_text

# Bytes; the index of the largest released checkpoint has 6 MB.
LARGEST_JSON = 8 << 20
# A config.json has three levels; a list of chat templates with tools has a few more.
DEEPEST = 64
# No real quantity comes near it, and the product of two such numbers is finite.
_TOO_LARGE = 2.0**63
_MOST_TOKEN_IDS = 1000
_CONTAINERS = {list, dict}
_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"


def read_json(path: Path, *, largest: int = LARGEST_JSON) -> dict[str, Any]:
    """Return the JSON object in `path`. Raises CheckpointError, which names the file.

    A file with more than `largest` bytes is rejected too.
    """
    return parse_json_object(json_text(path, largest=largest), path)


def json_text(path: Path, *, largest: int = LARGEST_JSON) -> str:
    """Return the text of a JSON file of at most `largest` bytes. Raises CheckpointError."""
    try:
        return model_text(path, largest=largest)
    except UnicodeDecodeError as error:
        raise _not_json(path, error) from None


def parse_json_object(text: str, path: Path) -> dict[str, Any]:
    """Return the JSON object in `text`, which is that of `path`. Raises CheckpointError."""
    try:
        value = parse_json(text)
    except ValueError as error:
        raise _not_json(path, error) from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} must hold a JSON object, not {type(value).__name__}.")
    return value


def _not_json(path: Path, error: ValueError) -> CheckpointError:
    return CheckpointError(f"{path} is not JSON ({error}); download the model again.")


def parse_json(text: str) -> Any:
    """Parse untrusted JSON: at most DEEPEST levels, no duplicate keys. Raises ValueError."""
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level = [value] if type(value) in _CONTAINERS else []
    depth = 0
    while level:
        if depth == DEEPEST:
            raise ValueError(_TOO_DEEP)
        level, depth = _inside(level), depth + 1
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key occurs twice")
    return values


def _inside(containers: list[Any]) -> list[Any]:
    """Return the lists and objects directly inside those.

    A vocabulary has hundreds of thousands of values: where none is a list or an object, no line
    of Python looks at each.
    """
    if dict in set(map(type, containers)):
        containers = [each.values() if type(each) is dict else each for each in containers]
    if _CONTAINERS.isdisjoint(map(type, chain.from_iterable(containers))):
        return []
    return [item for item in chain.from_iterable(containers) if type(item) in _CONTAINERS]


def number(value: Any, name: str, *, above: float | None = None) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not abs(value) < _TOO_LARGE  # comparisons with NaN are false
    ):
        raise CheckpointError(f"{name} is {quoted(value)}; it must be a number.")
    if above is not None and value <= above:
        raise CheckpointError(f"{name} is {quoted(value)}; it must be more than {above}.")
    return value


def token_ids(value: Any, name: str) -> tuple[int, ...]:
    """Accept an `eos_token_id` that is a number, a list of numbers, or null."""
    ids = [] if value is None else value if isinstance(value, list) else [value]
    if len(ids) > _MOST_TOKEN_IDS or not all(type(i) is int and abs(i) < 2**31 for i in ids):
        raise CheckpointError(
            f"{name} is {quoted(value)}; it must be a token id or a list of them."
        )
    return tuple(ids)
