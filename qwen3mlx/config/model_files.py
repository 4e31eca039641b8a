"""The files of a checkpoint folder, which may come from a stranger.

A link in it must not lead to another file of the person's, nor a pipe or a device hold the program.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import CheckpointError

# The largest of the released checkpoints' texts is a tokenizer.json of 11 MB.
LARGEST_TEXT = 256 << 20
# Of those that are written for people: a model card, a licence.
LARGEST_PAGE = 1 << 20
# Where a Hugging Face cache keeps what a snapshot links to: of one model, and what several share.
_BLOBS = "blobs"


def model_file(path: Path) -> Path:
    """`path`, a regular file that belongs to the model in its folder.

    Raises CheckpointError for anything else, and for a link that leads out of the folder; one of a
    hub cache's snapshot may lead to that cache's blobs.
    """
    try:
        target = path.resolve(strict=True)
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing: a checkpoint folder needs it; download the model again."
        ) from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        reason = getattr(error, "strerror", None) or "a loop of links"
        raise CheckpointError(f"{path} cannot be read ({reason}): check who may read it.") from None
    if not any(target.is_relative_to(place) for place in _places(path.parent.resolve())):
        raise CheckpointError(
            f"{path} is a link to a place outside the model, which is not followed: put the file "
            "itself there."
        )
    if not stat.S_ISREG(mode):
        raise CheckpointError(f"{path} is not a regular file; download the model again.")
    return path


def model_text(path: Path, *, largest: int = LARGEST_TEXT, errors: str = "strict") -> str:
    """The UTF-8 text of a `model_file`, of at most so many bytes.

    Raises CheckpointError; UnicodeDecodeError unless `errors` says what to do with other bytes.
    """
    try:
        with model_file(path).open(encoding="utf-8", errors=errors) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= largest:
                return file.read()
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}): check who may read it."
        ) from None
    raise CheckpointError(
        f"{path} has {size / 1e6:,.0f} MB, more than any such file needs; download the model again."
    )


def _places(folder: Path) -> list[Path]:
    """Where the files of the model in `folder` may lie; `folder` has no links in it."""
    snapshots, *above = folder.parents
    if snapshots.name != "snapshots" or not above[0].name.startswith("models--"):
        return [folder]
    repository, cache = above[:2]
    return [folder, repository / _BLOBS, cache / _BLOBS]
