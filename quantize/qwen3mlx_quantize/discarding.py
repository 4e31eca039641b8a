"""`discard`: deletes what an interrupted conversion has left."""

from __future__ import annotations

import os
from pathlib import Path

from .common import ConversionError
from .names import staging_folder
from .staging import (
    IDENTITY,
    JOURNAL,
    MANIFEST,
    Json,
    check_names,
    delete,
    is_beginning,
    is_the_systems,
    locked,
    make_own,
    names_in,
    own_file,
    parsed,
)

_MANIFEST_KEYS = {"format", "qwen3mlx", "files"}


def discard(output: Path) -> bool:
    """Delete the staging folder of an interrupted conversion to `output`; False if there is none.

    An empty folder is none: nothing shows that a conversion made it. Raises ConversionError, and
    deletes nothing, unless the folder certainly belongs to a conversion that is not running, and
    holds nothing but the files that its journal or manifest names: not for another user's folder,
    or a link.
    """
    folder = staging_folder(output)
    if not os.path.lexists(folder):
        return False
    make_own(folder)
    present = {path.name for path in folder.iterdir()}
    for name in present:
        own_file(folder / name, os.O_RDONLY).close()
    written = {name for name in present if not is_the_systems(name)}
    if not written:
        return False
    names = _written(folder, written)
    if names is None:
        raise ConversionError(
            f"{folder} does not look like an interrupted conversion: nothing was deleted; look "
            "into it, and delete it yourself."
        )
    check_names(folder, names)
    with locked(folder / JOURNAL, output, resume=True):
        delete(folder, present)
    return True


def _written(folder: Path, present: set[str]) -> set[str] | None:
    """Return the names in the folder's journal or, once that is deleted, in its manifest.

    A run that was killed at its very start leaves a journal without a whole line. None if the
    folder is not a conversion's.
    """
    if present == {JOURNAL} and is_beginning(folder / JOURNAL):
        return set()
    try:
        if JOURNAL in present:
            first, _, _ = (folder / JOURNAL).read_bytes().partition(b"\n")
            return names_in(_with_keys(first, IDENTITY))
        if MANIFEST in present:
            manifest = _with_keys((folder / MANIFEST).read_bytes(), _MANIFEST_KEYS)
            return {MANIFEST, *manifest["files"]}
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def _with_keys(data: bytes, keys: set[str]) -> Json:
    """Raises ValueError if a key is missing."""
    value = parsed(data)
    if not value.keys() >= keys:
        raise ValueError(value)
    return value
