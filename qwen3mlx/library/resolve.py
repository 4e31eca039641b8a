"""Resolve names of the command line and of Python to folders, without the network."""

from __future__ import annotations

from pathlib import Path

from ..config.model_files import is_adapter
from ..errors import CheckpointError, ModelNotFoundError
from ..settings.state import expanded
from .cache import cached_snapshot
from .family import Repository, members
from .local_model import LocalModel
from .names import DEMOS, Folder, Wanted, is_written_as_path, meaning, plain
from .scan import AmbiguousNameError, Library
from .user_aliases import aliased


class NotDownloadedError(ModelNotFoundError):
    """The name is a hub repository that is not on this computer; `repository` can be fetched."""

    def __init__(self, name: str, repository: Repository) -> None:
        super().__init__(
            f"{name} is not on this computer: download it with `qwen3mlx pull {name}`."
        )
        self.repository = repository


def parse_name(name: str) -> Folder | Wanted:
    """Parse a name from the command line or from Python, where any folder can be named.

    Raises ModelNotFoundError, which suggests the nearest name.
    """
    if is_written_as_path(name):
        return Folder(expanded(name))
    meant = plain(aliased(name))
    if (demo := DEMOS.get(meant.casefold())) is not None:
        return Folder(demo)
    wanted = meaning(meant)
    if wanted is not None and _is_alias(meant):
        return wanted
    for path in (name, meant):
        if is_path(path):
            return Folder(expanded(path))
    if wanted is not None:
        return wanted
    from .refusals import not_a_model

    raise ModelNotFoundError(not_a_model(meant))


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
    missing = NotDownloadedError(plain(name), target.repository)
    if len(target.repositories) > 1 and revision is None:
        try:
            return _in_library(name, missing)
        except NotDownloadedError:  # or it is there, and broken: say so when it is read
            pass
    for repository in target.repositories:
        if (snapshot := cached_snapshot(repository.repo_id, revision)) is not None:
            return snapshot
    if revision is not None:
        raise missing
    return _in_library(name, missing)


def _is_alias(name: str) -> bool:
    """Return whether the name is in Ollama's style, which a folder's name seldom is."""
    return ":" in name or name.casefold() in {member.family for member in members()}


def is_path(name: str) -> bool:
    """Return True for anything written as a path, and for anything that exists on disk."""
    if is_written_as_path(name):
        return True
    try:
        return name != "" and Path(name).exists()
    except (OSError, ValueError):  # longer than any path, or contains a NUL
        return False


def _in_library(name: str, unknown: ModelNotFoundError) -> Path:
    """Return the model that requests call by this name; raises `unknown` if there is none."""
    try:
        found = Library().find(name)
    except AmbiguousNameError:
        raise
    except ModelNotFoundError:
        raise unknown from None
    return without_adapter(found)


def without_adapter(model: LocalModel) -> Path:
    """Return the model's folder. Raises ModelNotFoundError for a model with an adapter."""
    if model.adapter is not None:
        raise ModelNotFoundError(
            f"{model.id} is a model with an adapter, which `run` and `serve` know; `qwen3mlx fuse` "
            "makes one model of both."
        )
    return model.path


def with_adapter(name: str, adapter: str | None = None) -> tuple[str, str | None]:
    """Return the name of the model itself, and its adapter if it has one.

    A name can be BASE+ADAPTER. Raises ModelNotFoundError.
    """
    if adapter is not None or "+" not in name or is_path(name):
        return name, adapter
    found = Library().find(name)
    if found.base is None:
        return name, None
    return found.base.id, str(found.adapter)


def adapter_folder(adapter: str) -> Path:
    """Return the folder of an adapter: a path, or a name that `list` has. Raises
    ModelNotFoundError.
    """
    if not is_path(adapter):
        from .adapters import named

        return named(adapter, Library().scan().adapters).path
    folder = expanded(adapter)
    if not is_adapter(folder):
        raise ModelNotFoundError(
            f"{folder} holds no adapter: an adapter's folder contains adapter_config.json and "
            "adapter_model.safetensors (PEFT) or adapters.safetensors (mlx-lm)."
        )
    return folder


def existing_folder(path: Path) -> Path:
    """Return `path` if it holds part of a model. Raises CheckpointError, ModelNotFoundError."""
    if path.is_dir():
        if is_adapter(path):
            from .adapters import alone

            raise CheckpointError(alone(path))
        if not _holds_a_part(path):
            if next(path.glob("*.gguf"), None) is not None:
                raise CheckpointError(
                    f"{path} holds GGUF files: turn one into a model with `qwen3mlx import FILE`."
                )
            raise CheckpointError(
                f"{path} holds no model: a model's folder contains config.json, tokenizer.json and "
                "*.safetensors."
            )
        return path
    if path.suffix.casefold() == ".gguf" and path.exists():
        raise ModelNotFoundError(
            f"{path} is a GGUF file: turn it into a model with `qwen3mlx import {path}`."
        )
    if path.exists():
        raise ModelNotFoundError(f"{path} is a file: use the folder that holds the model's files.")
    raise ModelNotFoundError(f"The folder {path} does not exist.")


def _holds_a_part(folder: Path) -> bool:
    """Return whether part of a model is there, so that an error can name the missing files."""
    if any((folder / name).exists() for name in ("config.json", "tokenizer.json")):
        return True
    return any(folder.glob("*.safetensors"))
