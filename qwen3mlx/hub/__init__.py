"""How to get more models: what hubs are asked, downloads, and the jobs that go on with them."""

from __future__ import annotations

from pathlib import Path

from ..library.names import Folder, parse_name
from ..library.resolve import existing_folder
from .download import Progress, ProgressCallback, download, is_offline

__all__ = ["Progress", "ProgressCallback", "fetch", "is_offline"]


def fetch(
    name: str, *, revision: str | None = None, progress: ProgressCallback | None = None
) -> Path:
    """The folder that holds the model `name`, after downloading what is missing of it.

    `progress` is called from the downloading threads; an exception it raises ends the download.
    """
    target = parse_name(name)
    if isinstance(target, Folder):
        return existing_folder(target.path)
    return download(target.repo_id, revision, progress or (lambda _: None))
