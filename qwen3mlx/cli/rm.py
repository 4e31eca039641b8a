"""`qwen3mlx rm`: delete a downloaded model."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import InstalledModel
from .terminal import Terminal

if TYPE_CHECKING:
    from ..library import LocalModel


def rm(
    model: InstalledModel,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
) -> None:
    """Delete a downloaded model, complete or not.

    Only models in the Hugging Face cache are deleted, with all their revisions. Of an alias, only
    the name is deleted.
    """
    from ..errors import UsageError
    from ..library import Library
    from ..library.removal import delete, num_bytes
    from ..library.user_aliases import forget, key_of, saved_aliases
    from ..quoting import size_text

    terminal = Terminal.standard()
    if key_of(model) in saved_aliases() and not Library().has(model):
        forget(model)
        terminal.note(f"Deleted the name {model}; the model stays.")
        return
    name, folder = _downloaded(model)
    size = size_text(num_bytes(folder))
    if not yes:
        if not terminal.can_ask:
            raise UsageError(
                f"Cannot ask for confirmation here: add --yes to delete {name} ({size})."
            )
        if not terminal.ask(f"Delete {name} ({size})?", default=False):
            terminal.note("Nothing was deleted.")
            return
    delete(folder)
    terminal.note(f"Deleted {name} ({size}).")


def _downloaded(name: str) -> tuple[str, Path]:
    """The id and cache folder of `name`. Raises ModelNotFoundError if it is not in the cache."""
    from .. import library
    from ..errors import ModelNotFoundError
    from ..library.cache import repository_folder
    from ..library.removal import downloaded_folder

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
            downloaded_folder(other)  # raises the reason
        raise
    return found.id, downloaded_folder(found)


def _in_a_folder(name: str) -> LocalModel | None:
    """Return the model at the path `name`, outside of the cache."""
    from ..errors import CheckpointError, ModelNotFoundError
    from .models import find_installed

    try:
        model = find_installed(name)
    except (CheckpointError, ModelNotFoundError):
        return None
    return None if model.source == "cache" else model
