"""Which files of a repository are fetched, and whether they fit the disk."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path

from ..errors import DownloadError
from ..quoting import size_text

# Never *.bin, *.pt, *.pkl or *.py: a checkpoint is data, while pickles and modules are programs.
ALLOW_PATTERNS = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.md", "LICENSE*")
IGNORE_PATTERNS = ("*/*",)  # subfolders hold copies in other formats


def is_needed(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in ALLOW_PATTERNS) and not any(
        fnmatch(name, pattern) for pattern in IGNORE_PATTERNS
    )


def check_disk(folder: Path, repo_id: str, needed: int, variable: str) -> None:
    """Raise DownloadError if there is no room; `variable` moves the folder to another disk."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise DownloadError(
            f"{repo_id} needs {size_text(needed)} more, and {existing} has {size_text(free)} free: "
            f"free some space, or set {variable} to a folder on another disk."
        )
