"""What a model was calibrated with never measures it: texts are divided, and documents remembered.

A user's text keeps every fourth document for evaluation, whether or not it follows at once. The
manifest of the result has the digest of each document that calibrated, which `evaluate` leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
from pathlib import Path

from qwen3mlx.config import read_json
from qwen3mlx.errors import CheckpointError

from ..staging import MANIFEST

# Every fourth document is kept for evaluation, and a text of fewer is cut.
HELD = 4


def split(documents: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the documents to calibrate with, and those kept for evaluation."""
    every = parts(documents)
    used = [part for place, part in enumerate(every, 1) if place % HELD]
    return used, without(every[HELD - 1 :: HELD], set(map(digest, used)))


def parts(documents: Sequence[str]) -> list[str]:
    """Return the documents; of fewer than HELD, each is cut into as many parts."""
    if len(documents) >= HELD:
        return list(documents)
    return [part for document in documents for part in _cut(document)]


def unseen(documents: Sequence[str], calibrated: Set[str]) -> list[str]:
    """Return the documents, or parts, whose digests are not in `calibrated`."""
    cut = parts(documents)
    if any(digest(part) in calibrated for part in cut):
        documents = cut
    return without(documents, calibrated)


def without(documents: Sequence[str], digests: Set[str]) -> list[str]:
    return [document for document in documents if digest(document) not in digests]


def digest(document: str) -> str:
    """Return the SHA-256 by which a manifest remembers a document."""
    return hashlib.sha256(document.encode()).hexdigest()


def calibrated_with(folder: Path) -> set[str]:
    """Return the digests of a checkpoint's manifest, if it has one. Raises CheckpointError."""
    if not (folder / MANIFEST).is_file():
        return set()
    found = read_json(folder / MANIFEST).get("calibration")
    if found is None:
        return set()
    digests = found.get("documents") if isinstance(found, dict) else None
    if not isinstance(digests, list) or not all(isinstance(one, str) for one in digests):
        raise CheckpointError(
            f"{folder / MANIFEST}: calibration must have documents, a list of SHA-256 digests."
        )
    return set(digests)


def _cut(document: str) -> list[str]:
    """Cut at the end of a line or, in a long line, of a word."""
    found, start = [], 0
    for number in range(1, HELD):
        ideal = max(start, len(document) * number // HELD)
        room = len(document) * (number + 1) // HELD
        at = next((p for sign in "\n " if (p := document.find(sign, ideal, room)) >= 0), ideal)
        found.append(document[start:at])
        start = at
    found.append(document[start:])
    return [part.strip() for part in found if part.strip()]
