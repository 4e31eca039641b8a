"""The files of a download against the SHA-256 that the hub announced for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from ..errors import DownloadError
from ..library.cache import repository_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


def blobs(repo_id: str) -> set[str]:
    """The whole files of `repo_id` in the cache; a large one's name is its SHA-256."""
    return {path.name for path in (repository_folder(repo_id) / "blobs").glob("*")}


def check_hashes(repo_id: str, snapshot: Path, *, known: Collection[str]) -> None:
    """Delete a file that is not what was announced and raise DownloadError; `known` are old."""
    for path in sorted(snapshot.iterdir()):
        blob = path.resolve()
        if blob.name in known or not _SHA256.fullmatch(blob.name):
            continue
        if _sha256(blob) != blob.name:
            path.unlink()
            blob.unlink()
            raise DownloadError(
                f"{path.name} of {repo_id} arrived damaged and was deleted: run it again."
            )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
