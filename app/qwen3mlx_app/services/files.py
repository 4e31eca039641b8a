"""Read the profile's files safely, and write them atomically.

A profile may come from somebody else: a pipe would block the window, a link lead elsewhere.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

# The largest settings file.
MAX_BYTES = 4 * 1024**2


def read_file(path: Path, most: int = MAX_BYTES) -> bytes:
    """Raises OSError, also for anything but a regular file of at most `most` bytes."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data


def read_json(path: Path) -> Any:
    """The parsed file, or None if it cannot be read."""
    try:
        return json.loads(read_file(path))
    except (OSError, ValueError, RecursionError):
        return None


def write_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def is_odd(path: Path) -> bool:
    """Whether something else than a regular file has this name."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def put_aside(path: Path) -> Path:
    """Rename the file and return its new path beside the old one. Raises OSError."""
    now = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        ending = f"-{number}" if number else ""
        aside = path.with_name(f"{path.stem}-damaged-{now}{ending}{path.suffix}")
        if not os.path.lexists(aside):
            break
    path.rename(aside)
    return aside
