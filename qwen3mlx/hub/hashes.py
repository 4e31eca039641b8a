"""Checks the files of a download against the SHA-256 that the hub announced for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from ..config.hub_layout import UNVERIFIED, is_unverified
from ..errors import DownloadError
from ..library.cache import blobs_folder, repository_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


def blobs(repo_id: str) -> set[str]:
    """Return the names of the files of `repo_id` in the cache; a large one's is its SHA-256."""
    return {path.name for path in blobs_folder(repo_id).glob("*")}


def mark_unverified(repo_id: str, hashes: Iterable[str]) -> None:
    """Record that files with these SHA-256 must be checked once they arrive, if they are not here
    yet.

    The record survives an interrupted download or check, which leaves complete files that have not
    been checked.
    """
    folder = repository_folder(repo_id) / UNVERIFIED
    for name in filter(_SHA256.fullmatch, set(hashes) - blobs(repo_id)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def check_hashes(
    repo_id: str,
    snapshot: Path,
    *,
    known: Collection[str],
    on_progress: Callable[[int, int], None],
) -> None:
    """Hash the unverified files and those not in `known`; delete a damaged one.

    Raises DownloadError for that one. `on_progress` gets the number of bytes done and their total;
    an exception that it raises ends the check.
    """
    blobs = {path: path.resolve() for path in sorted(snapshot.iterdir())}
    new = {
        path: blob
        for path, blob in blobs.items()
        if _SHA256.fullmatch(blob.name) and (blob.name not in known or is_unverified(path))
    }
    marks = repository_folder(repo_id) / UNVERIFIED
    done, total = 0, sum(blob.stat().st_size for blob in new.values())
    for path, blob in new.items():
        digest = hashlib.sha256()
        with blob.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                done += len(piece)
                on_progress(done, total)
        if digest.hexdigest() != blob.name:
            path.unlink()
            blob.unlink()
            raise DownloadError(
                f"{path.name} of {repo_id} arrived damaged and was deleted: download it again."
            )
        (marks / blob.name).unlink(missing_ok=True)
