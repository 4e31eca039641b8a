"""The layout of a Hugging Face cache, which every program on the computer shares.

models--<publisher>--<name>/
    blobs/<hash>                   the files; a large one is named after its SHA-256
    snapshots/<commit>/<file>      links to blobs
    refs/<revision>                a commit
    unverified/<hash>              this project's: a blob whose hash has not been checked yet
"""

from __future__ import annotations

from pathlib import Path

BLOBS = "blobs"
SNAPSHOTS = "snapshots"
REFS = "refs"
UNVERIFIED = "unverified"

_PREFIX = "models--"


def folder_name(repo_id: str) -> str:
    """Return the name of the folder that holds `repo_id`."""
    return _PREFIX + repo_id.replace("/", "--")


def repo_id_of(folder_name: str) -> str | None:
    """Return the repository that a folder of this name holds; None if it holds no models."""
    if not folder_name.startswith(_PREFIX):
        return None
    return folder_name.removeprefix(_PREFIX).replace("--", "/", 1)


def repository_of(folder: Path) -> Path | None:
    """Return the repository's folder if `folder` is one of its snapshots, else None."""
    repository = folder.parent.parent
    is_snapshot = folder.parent.name == SNAPSHOTS and repo_id_of(repository.name) is not None
    return repository if is_snapshot else None


def is_unverified(path: Path) -> bool:
    """Return whether a snapshot's file was downloaded and its hash has not been checked yet."""
    repository = repository_of(path.parent)
    if repository is None or not path.is_symlink():
        return False
    return (repository / UNVERIFIED / path.readlink().name).exists()
