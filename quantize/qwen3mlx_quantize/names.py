"""What the checkpoint in a folder is called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def name_of(folder: Path) -> str:
    """The folder's own name; in the hub's cache, where that is a commit, `Qwen/Qwen3-8B`."""
    folder = Path(os.path.abspath(folder))
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/", 1)
    if folder.name.startswith(".") and folder.name.endswith(".partial"):
        return folder.name.removeprefix(".").removesuffix(".partial")
    return folder.name


def names_of(folders: Sequence[Path]) -> list[str]:
    """The same; those that share a name have their parent's before it."""
    names = [name_of(folder) for folder in folders]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else f"{Path(os.path.abspath(folder)).parent.name}/{name}"
        for name, folder in zip(names, folders, strict=True)
    ]
