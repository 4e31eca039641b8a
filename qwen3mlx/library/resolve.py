"""Resolve names to folders on disk, without the network."""

from __future__ import annotations

from pathlib import Path

from ..errors import CheckpointError, ModelNotFoundError
from .cache import cached_snapshot
from .names import Folder, Repository, parse_name, plain
from .scan import AmbiguousNameError, Library


class NotDownloadedError(ModelNotFoundError):
    """The name is a hub repository that is not on this computer; `repository` can be fetched."""

    def __init__(self, name: str, repository: Repository) -> None:
        super().__init__(
            f"{name} is not on this computer: download it with `qwen3mlx pull {name}`."
        )
        self.repository = repository


def resolve(name: str, *, revision: str | None = None) -> Path:
    """Return the folder of the model `name`, if it is on this computer.

    Accepts any name that requests may use (see `Library.find`), and any folder.
    """
    try:
        target = parse_name(name)
    except ModelNotFoundError as unknown:
        return _in_library(name, unknown)
    if isinstance(target, Folder):
        return existing_folder(target.path)
    if (snapshot := cached_snapshot(target.repo_id, revision)) is not None:
        return snapshot
    missing = NotDownloadedError(plain(name), target)
    if revision is not None:
        raise missing
    return _in_library(name, missing)


def _in_library(name: str, unknown: ModelNotFoundError) -> Path:
    """Return the model that requests call by this name; raises `unknown` if there is none."""
    try:
        return Library().find(name).path
    except AmbiguousNameError:
        raise
    except ModelNotFoundError:
        raise unknown from None


def existing_folder(path: Path) -> Path:
    """Return `path` if it holds part of a model. Raises CheckpointError, ModelNotFoundError."""
    if path.is_dir():
        if not _holds_a_part(path):
            raise CheckpointError(
                f"{path} holds no model: a model's folder contains config.json, tokenizer.json and "
                "*.safetensors."
            )
        return path
    if path.exists():
        raise ModelNotFoundError(f"{path} is a file: use the folder that holds the model's files.")
    raise ModelNotFoundError(f"The folder {path} does not exist.")


def _holds_a_part(folder: Path) -> bool:
    """Return whether part of a model is there, so that an error can name the missing files."""
    if any((folder / name).exists() for name in ("config.json", "tokenizer.json")):
        return True
    return any(folder.glob("*.safetensors"))
