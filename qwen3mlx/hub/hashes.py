"""Checks the files of a download against the SHA-256 that the hub announced for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path

from ..errors import DownloadError
from ..library.cache import repository_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


def blobs(repo_id: str) -> set[str]:
    """Names of the complete files of `repo_id` in the cache; a large one's is its SHA-256."""
    return {path.name for path in (repository_folder(repo_id) / "blobs").glob("*")}


def check_hashes(
    repo_id: str,
    snapshot: Path,
    *,
    known: Collection[str],
    on_progress: Callable[[int, int], None],
) -> None:
    """Hash the new files, those not in `known`; delete a damaged one and raise DownloadError.

    `on_progress` is told the bytes done and in all; an exception that it raises ends the check.
    """
    blobs = {path: path.resolve() for path in sorted(snapshot.iterdir())}
    new = {p: b for p, b in blobs.items() if b.name not in known and _SHA256.fullmatch(b.name)}
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
