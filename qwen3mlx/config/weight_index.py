"""The index of a multi-file checkpoint: which file holds which tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..quoting import quoted
from .json_file import read_json

INDEX_NAME = "model.safetensors.index.json"


def read_weight_map(folder: Path) -> dict[str, str]:
    """Return tensor -> safetensors file name, as in the index of `folder`; files may be missing.

    Raises CheckpointError if the index is missing or invalid.
    """
    path = folder / INDEX_NAME
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise CheckpointError(f"{path} has no 'weight_map'; download the model again.")
    for name in weight_map.values():
        if not _is_shard_name(name):
            raise CheckpointError(
                f"{path} names {quoted(name)}, which is not a safetensors file in this folder."
            )
    return weight_map


def missing_shard(folder: Path, name: str) -> str:
    """Return the error sentence for a file that the index names and `folder` does not hold."""
    named = set(read_weight_map(folder).values())
    others = sorted(path.name for path in folder.glob("*.safetensors") if path.name not in named)
    if not others:
        return f"{folder / name} is missing; download the model again."
    return (
        f"{folder / name} is missing, which {INDEX_NAME} names: download the model again, or "
        f"delete {INDEX_NAME} if it is older than {quoted(others[0])} beside it."
    )


def _is_shard_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and name.endswith(".safetensors")
        and Path(name).name == name
        and name.isprintable()
        and len(name) <= 255
    )
