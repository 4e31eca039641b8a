"""`qwen3mlx rm`: delete a downloaded model."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import InstalledModel
from .terminal import Terminal

if TYPE_CHECKING:
    from ..errors import ModelNotFoundError
    from ..library import LocalModel


def rm(
    model: InstalledModel,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
) -> None:
    """Delete a downloaded model, complete or not.

    Only models in the Hugging Face cache are deleted, with all their revisions.
    """
    import shutil

    from ..errors import UsageError
    from ..quoting import size_text

    terminal = Terminal.standard()
    name, folder = _downloaded(model)
    size = size_text(_blob_bytes(folder))
    if not yes:
        if not terminal.can_ask:
            raise UsageError(
                f"Cannot ask for confirmation here: add --yes to delete {name} ({size})."
            )
        if not terminal.ask(f"Delete {name} ({size})?", default=False):
            terminal.note("Nothing was deleted.")
            return
    shutil.rmtree(folder)
    terminal.note(f"Deleted {name} ({size}).")


def _downloaded(name: str) -> tuple[str, Path]:
    """The id and cache folder of `name`. Raises ModelNotFoundError if it is not in the cache."""
    from .. import library
    from ..errors import ModelNotFoundError
    from ..library.cache import repository_folder

    try:
        found = library.Library().find(name)
    except ModelNotFoundError:  # it lists the names that exist
        with suppress(ModelNotFoundError):
            target = library.parse_name(name)
            if isinstance(target, library.Wanted):
                repo_id = target.repository.repo_id
                folder = repository_folder(repo_id)
                if folder.is_dir():
                    return repo_id, folder
        if other := _in_a_folder(name):
            raise _elsewhere(other) from None
        raise
    if found.source == "cache":
        return found.id, repository_folder(found.id)
    raise _elsewhere(found)


def _in_a_folder(name: str) -> LocalModel | None:
    """Return the model at the path `name`, outside of the cache."""
    from ..errors import CheckpointError, ModelNotFoundError
    from .models import find_installed

    try:
        model = find_installed(name)
    except (CheckpointError, ModelNotFoundError):
        return None
    return None if model.source == "cache" else model


def _elsewhere(model: LocalModel) -> ModelNotFoundError:
    from ..errors import ModelNotFoundError

    whose = "comes with the program" if model.source == "demo" else "is in one of your folders"
    return ModelNotFoundError(
        f"{model.id} {whose} ({model.path}); rm only deletes models in the Hugging Face cache."
    )


def _blob_bytes(folder: Path) -> int:
    """Return the bytes that deleting the folder frees; a file with several links counts once."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)
