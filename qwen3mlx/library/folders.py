"""The places on this computer where checkpoints can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..config.hub_layout import repo_id_of
from ..config.model_files import ADAPTER_CONFIG
from ..errors import CheckpointError
from ..settings.state import expanded, state_home, user_home
from ..settings.user import UserSettings
from .cache import entries, hub_cache, snapshot_folder
from .local_model import Source
from .names import DEMOS


class Candidate(NamedTuple):
    """A folder with a config.json or an adapter's, and the id of the checkpoint or adapter."""

    id: str
    path: Path
    source: Source


def known_folders() -> list[Path]:
    """Return the folders in settings.json, then the standard ones that are here, each once."""
    return list(dict.fromkeys([*UserSettings().model_folders().folders, *standard()]))


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


def standard() -> list[Path]:
    """Return what is there of our own folder, LM Studio's, also of its earlier versions, and
    ModelScope's.
    """
    folders = (mine(), *lm_studio_folders(), modelscope_folder())
    return [folder for folder in folders if os.path.isdir(folder)]


def mine() -> Path:
    """Return the folder where `qwen3mlx import` puts models, unless it is told another."""
    return state_home() / "models"


def lm_studio_folders() -> tuple[Path, Path]:
    """Return the folders where LM Studio keeps its models, and where it did until 2024."""
    home = user_home()
    return home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"


def modelscope_folder() -> Path:
    """Return the folder where ModelScope's SDK keeps models, as `publisher/model`."""
    if given := os.environ.get("MODELSCOPE_CACHE"):
        return expanded(given) / "models"
    return user_home() / ".cache" / "modelscope" / "hub" / "models"


def is_shared(candidate: Candidate) -> bool:
    """Return whether other programs use the folder too: a hub's cache, or LM Studio's."""
    if candidate.source == "folder":
        shared = (*lm_studio_folders(), modelscope_folder())
        return any(candidate.path.is_relative_to(folder) for folder in shared)
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
    if folder == modelscope_folder():
        # The SDK writes three underscores for a dot.
        for found in _in_publishers(folder):
            yield found._replace(id=found.id.replace("___", "."))
        return
    if _has_config(folder) or _is_crowded(folder):
        yield Candidate(folder.resolve().name, folder, "folder")
        return
    yield from _in_publishers(folder)


def _in_publishers(folder: Path) -> Iterator[Candidate]:
    for child in _subfolders(folder):
        if _has_config(child) or _is_crowded(child):
            yield Candidate(child.name, child, "folder")
            continue
        for grandchild in _subfolders(child):
            if _has_config(grandchild):
                yield Candidate(f"{child.name}/{grandchild.name}", grandchild, "folder")


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
    return any(os.path.isfile(folder / name) for name in ("config.json", ADAPTER_CONFIG))
