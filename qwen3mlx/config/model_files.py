"""The files of an untrusted checkpoint folder.

A link in it must not lead to the user's other files, and a pipe or device must not block the
program.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import CheckpointError
from .hub_layout import BLOBS, repository_of

# The largest text file in the released checkpoints is a tokenizer.json of 11 MB.
LARGEST_TEXT = 256 << 20
# For files written for people: a model card, a license.
LARGEST_PAGE = 1 << 20
ADAPTER_CONFIG = "adapter_config.json"
# What a clone without Git LFS has in place of a large file: a few lines that begin with this.
_POINTER = b"version https://git-lfs.github.com/spec/"
_LARGEST_POINTER = 1024


def model_file(path: Path) -> Path:
    """Return `path` if `open_model_file` opens it. Raises CheckpointError."""
    with open_model_file(path):
        return path


def open_model_file(path: Path) -> BufferedReader:
    """Open `path`, a regular file that belongs to the model in its folder.

    Raises CheckpointError for anything else, including a link that leads out of the folder; a link
    in a hub cache's snapshot may lead to that cache's blobs. A pointer of Git LFS is refused, too.
    """
    size = _regular_size(path)
    try:
        file = path.open("rb")
        if size <= _LARGEST_POINTER:
            _check_beginning(path, file)
        return file
    except OSError as error:
        raise _unreadable(path, error.strerror) from None


def _regular_size(path: Path) -> int:
    """Return the bytes of a regular file that belongs to the model. Raises CheckpointError."""
    try:
        status = os.lstat(path)
        if is_link := stat.S_ISLNK(status.st_mode):
            target = path.resolve(strict=True)
            status = os.stat(target)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, but every checkpoint folder needs it; download the model again."
        ) from None
    except (
        OSError,
        RuntimeError,
    ) as error:  # Python before 3.13 raises RuntimeError for a loop of links
        reason = getattr(error, "strerror", None) or "a loop of links"
        raise _unreadable(path, reason) from None
    if is_link and not any(map(target.is_relative_to, _places(path.parent.resolve()))):
        raise CheckpointError(
            f"{path} is a link to a place outside the model, which is not followed; put the file "
            "itself there."
        )
    if not stat.S_ISREG(status.st_mode):
        raise CheckpointError(f"{path} is not a regular file; download the model again.")
    return status.st_size


def _check_beginning(path: Path, file: BufferedReader) -> None:
    try:
        check_is_no_pointer(path, file.peek(len(_POINTER)))
    except BaseException:
        file.close()
        raise


def _unreadable(path: Path, reason: str | None) -> CheckpointError:
    return CheckpointError(f"{path} cannot be read ({reason}); check its permissions.")


def check_is_no_pointer(path: Path, beginning: bytes) -> None:
    """Raise CheckpointError for a file that begins as a pointer of Git LFS does."""
    if beginning.startswith(_POINTER):
        raise CheckpointError(
            f"{path} is Git LFS's pointer to the file, not the file itself: run `git lfs pull` in "
            "that folder, or download the model with `qwen3mlx pull`."
        )


def model_text(path: Path, *, largest: int = LARGEST_TEXT, errors: str = "strict") -> str:
    """Return the UTF-8 text of a `model_file` no longer than the given number of bytes, without a
    mark of its encoding at the beginning.

    Raises CheckpointError; also UnicodeDecodeError, unless `errors` says how to handle other bytes.
    """
    try:
        with open_model_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= largest:  # as one piece: a text file is decoded in small ones
                text = file.read().decode("utf-8-sig", errors)
                return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    except OSError as error:
        raise _unreadable(path, error.strerror) from None
    raise CheckpointError(
        f"{path} has {size / 1e6:,.0f} MB, too much for such a file; download the model again."
    )


def is_adapter(folder: Path) -> bool:
    """Return whether the folder holds a LoRA adapter, and no model of its own."""
    is_one = (folder / ADAPTER_CONFIG).is_file()
    return is_one and next(folder.glob("model*.safetensors"), None) is None


def _places(folder: Path) -> list[Path]:
    """Return the folders where the model's files may be; `folder` contains no links."""
    if (repository := repository_of(folder)) is None:
        return [folder]
    # A snapshot's links lead to blobs, which a model has for itself or shares with others.
    return [folder, repository / BLOBS, repository.parent / BLOBS]
