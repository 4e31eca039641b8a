"""Deletes a downloaded model. Only what is in the Hugging Face cache is ours to delete."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path

from ..errors import DeletionError, ModelNotFoundError
from .cache import hub_cache, repository_folder
from .local_model import LocalModel

# The folder in the cache for what was deleted a moment ago.
HOLDING = ".qwen3mlx-deleted"


def downloaded_folder(model: LocalModel) -> Path:
    """Return the cache's folder of a model. Raises ModelNotFoundError if it is elsewhere."""
    if model.adapter is not None:
        raise ModelNotFoundError(
            f"{model.id} is a model with the adapter in {model.adapter}: delete that folder."
        )
    if model.source == "cache":
        return repository_folder(model.id)
    whose = "comes with the program" if model.source == "demo" else "is in one of your folders"
    raise ModelNotFoundError(
        f"{model.id} {whose} ({model.path}); only models in the Hugging Face cache are deleted."
    )


def num_bytes(folder: Path) -> int:
    """Return the bytes that deleting the folder frees; a file with several links counts once."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


def hold(folder: Path) -> Path:
    """Take a model out of the cache, but keep its files; returns their folder, on the same disk.

    Raises DeletionError.
    """
    if folder.is_symlink():
        raise DeletionError(f"{folder} is a link: delete it, and what it leads to.")
    holding = hub_cache() / HOLDING
    held = holding / f"{folder.name}.{secrets.token_hex(4)}"
    try:
        holding.mkdir(exist_ok=True)
        folder.rename(held)
        os.utime(held)  # since when it is held
    except OSError as error:
        raise _not_deleted(folder, error) from None
    return held


def put_back(held: Path, folder: Path) -> None:
    """Bring a model back that `hold` has taken. Raises DeletionError."""
    if os.path.lexists(folder):
        raise DeletionError(f"{folder} is there again: delete it to restore the earlier one.")
    try:
        held.rename(folder)
    except OSError as error:
        raise DeletionError(
            f"{folder} cannot be restored ({error.strerror}): its files are in {held}."
        ) from None


def old_holds(seconds: float) -> list[Path]:
    """Return what has been held for longer, such as by a program that was killed."""
    try:
        entries = list(os.scandir(hub_cache() / HOLDING))
    except OSError:  # there is none
        return []
    before = time.time() - seconds
    ours = [each for each in entries if each.is_dir(follow_symlinks=False)]
    return [Path(each.path) for each in ours if each.stat(follow_symlinks=False).st_mtime < before]


def delete(folder: Path) -> None:
    """Delete a model with all its revisions. Raises DeletionError."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise _not_deleted(folder, error) from None


def _not_deleted(folder: Path, error: OSError) -> DeletionError:
    return DeletionError(
        f"{folder} cannot be deleted ({error.strerror}): check who may write there."
    )
