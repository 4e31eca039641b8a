"""Deletes a downloaded model. Only what is in the Hugging Face cache is ours to delete."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import DeletionError, ModelNotFoundError
from .cache import repository_folder
from .local_model import LocalModel


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


def delete(folder: Path) -> None:
    """Delete a model with all its revisions. Raises DeletionError."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DeletionError(
            f"{folder} cannot be deleted ({error.strerror}): check who may write there."
        ) from None
