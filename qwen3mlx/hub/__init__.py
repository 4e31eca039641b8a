"""Get more models: requests to hubs, downloads, and background download jobs."""

from __future__ import annotations

from pathlib import Path

from ..library.names import Folder
from ..library.resolve import existing_folder, parse_name
from .download import Progress, ProgressCallback, download, is_offline

__all__ = ["Progress", "ProgressCallback", "fetch", "is_offline"]


def fetch(
    name: str, *, revision: str | None = None, progress: ProgressCallback | None = None
) -> Path:
    """Download the missing files of the model `name`, and return its folder.

    `progress` is called from the downloading threads; an exception it raises ends the download.
    """
    target = parse_name(name)
    if isinstance(target, Folder):
        return existing_folder(target.path)
    return download(target.repository.repo_id, revision, progress or (lambda _: None))
