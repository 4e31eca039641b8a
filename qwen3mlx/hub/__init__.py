"""Get more models: requests to hubs, downloads, and background download jobs."""

from __future__ import annotations

from pathlib import Path

from ..library.names import Folder
from ..library.resolve import existing_folder, parse_name
from .offline import is_offline
from .progress import Progress, ProgressCallback
from .sources import HUGGING_FACE, fetch_from, first_source, place, preferred, split

__all__ = ["Progress", "ProgressCallback", "fetch", "is_offline"]


def fetch(
    name: str, *, revision: str | None = None, progress: ProgressCallback | None = None
) -> Path:
    """Download the missing files of the model `name`, and return its folder.

    A prefix of `name`, or else a setting, says from which hub: see `sources`. `progress` is called
    from the downloading threads; an exception it raises ends the download.
    """
    report = progress or (lambda _: None)
    source, rest = split(name)
    if source in (None, HUGGING_FACE):
        target = parse_name(rest)
        if isinstance(target, Folder):
            return existing_folder(target.path)
        there = preferred(target, source or first_source()).place
    else:
        there = place(source, rest)
    return fetch_from(there.source, there.repo_id, revision, report)
