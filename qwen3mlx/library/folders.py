"""The places on this computer where checkpoints can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..config.hub_layout import repo_id_of
from ..errors import CheckpointError
from ..settings.state import user_home
from ..settings.user import UserSettings
from .cache import hub_cache, snapshot_folder
from .local_model import Source
from .names import DEMOS

# A checkpoint has a few hundred files at most.
MOST_ENTRIES = 10_000


class Candidate(NamedTuple):
    """A folder with a config.json, and the id it gets if it is a checkpoint."""

    id: str
    path: Path
    source: Source


def known_folders() -> list[Path]:
    """Return the folders listed in settings.json, then LM Studio's if it is installed."""
    return [*UserSettings().model_folders().folders, *lm_studio()]


def fault_of(folder: Path) -> str | None:
    """Say why a folder cannot be searched; None if it can."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        return "This folder does not exist, but model_folders lists it."
    except NotADirectoryError:
        return "This is not a folder, but model_folders lists it."
    except OSError as error:
        return f"This folder cannot be read ({error.strerror})."
    return None


def lm_studio() -> list[Path]:
    """Return LM Studio's folder if it is installed."""
    folder = lm_studio_folder()
    return [folder] if os.path.isdir(folder) else []


def lm_studio_folder() -> Path:
    """Return the folder where LM Studio keeps its models."""
    return user_home() / ".lmstudio" / "models"


def is_shared(candidate: Candidate) -> bool:
    """Return whether other programs use the folder too: the Hugging Face cache, or LM Studio's."""
    if candidate.source == "folder":
        return candidate.path.is_relative_to(lm_studio_folder())
    return candidate.source == "cache"


def demos() -> Iterator[Candidate]:
    """Yield the checkpoints that come with the program."""
    for name, path in DEMOS.items():
        yield Candidate(name, path, "demo")


def cached() -> Iterator[Candidate]:
    """Yield the main revision of every repository in the Hugging Face cache, complete or not."""
    for folder in _subfolders(hub_cache()):
        repo_id = repo_id_of(folder.name)
        if repo_id and (snapshot := snapshot_folder(repo_id)) and _has_config(snapshot):
            yield Candidate(repo_id, snapshot, "cache")


def inside(folder: Path) -> Iterator[Candidate]:
    """Yield `folder` itself, or its content if laid out as `model/` or `publisher/model/`.

    A folder that holds too much to search is a candidate itself, so that the user gets a message.
    """
    if _has_config(folder) or _is_crowded(folder):
        yield Candidate(folder.resolve().name, folder, "folder")
        return
    for child in _subfolders(folder):
        if _has_config(child) or _is_crowded(child):
            yield Candidate(child.name, child, "folder")
            continue
        for grandchild in _subfolders(child):
            if _has_config(grandchild):
                yield Candidate(f"{child.name}/{grandchild.name}", grandchild, "folder")


def entries(folder: Path) -> list[Path]:
    """List `folder`. Raises OSError; CheckpointError if it has more than MOST_ENTRIES entries."""
    with os.scandir(folder) as found:
        paths = [Path(entry) for entry in islice(found, MOST_ENTRIES + 1)]
    if len(paths) > MOST_ENTRIES:
        raise CheckpointError(f"{folder} holds more than {MOST_ENTRIES:,} files.")
    return paths


def _is_crowded(folder: Path) -> bool:
    try:
        entries(folder)
    except CheckpointError:
        return True
    except OSError:
        pass
    return False


def _subfolders(folder: Path) -> list[Path]:
    """Return the visible folders in `folder`, by name; none if it cannot be read."""
    try:
        children = list(folder.iterdir())
    except OSError:
        return []
    shown = [child for child in children if not child.name.startswith(".")]
    return sorted(child for child in shown if os.path.isdir(child))


def _has_config(folder: Path) -> bool:
    return os.path.isfile(folder / "config.json")
