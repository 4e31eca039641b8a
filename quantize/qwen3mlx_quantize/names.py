"""Names of checkpoint folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from qwen3mlx.config.hub_layout import repo_id_of, repository_of

from .common import ConversionError


def staging_folder(output: Path) -> Path:
    """Return the folder in which `output` is built.

    Raises ConversionError for an output without a name of its own, such as `/` and `..`.
    """
    if output.name in ("", ".."):
        raise ConversionError(f"{output} is not a new folder: give the folder to write a name.")
    return output.with_name(f".{output.name}.partial")


def name_of(folder: Path) -> str:
    """Return the checkpoint's name: its folder's, or its repository's in a hub cache."""
    folder = Path(os.path.abspath(folder))
    repository = repository_of(folder)
    if repository is not None and (repo_id := repo_id_of(repository.name)):
        return repo_id
    if folder.name.startswith(".") and folder.name.endswith(".partial"):
        return folder.name.removeprefix(".").removesuffix(".partial")
    return folder.name


def names_of(folders: Sequence[Path]) -> list[str]:
    """Return the checkpoints' names; folders of one name get their parent's name as a prefix."""
    names = [name_of(folder) for folder in folders]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else f"{Path(os.path.abspath(folder)).parent.name}/{name}"
        for name, folder in zip(names, folders, strict=True)
    ]
