"""Files of the profile: read only where they are what they are to be, written as a whole.

A profile may come from somebody else: a pipe would hold the window for ever, a link leads away.
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

# Of a file of settings.
MAX_BYTES = 4 * 1024**2


def read_file(path: Path, most: int = MAX_BYTES) -> bytes:
    """Raises OSError, also for what is no file of its own, or larger than `most` bytes."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data


def read_json(path: Path) -> Any:
    """None for whatever cannot be read."""
    try:
        return json.loads(read_file(path))
    except (OSError, ValueError, RecursionError):
        return None


def write_file(path: Path, data: bytes) -> None:
    """Only its owner may read it. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def is_odd(path: Path) -> bool:
    """There is something of this name that is no file: a link, a pipe, a folder."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def put_aside(path: Path) -> Path:
    """Its new name, beside the old one. Raises OSError."""
    now = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        ending = f"-{number}" if number else ""
        aside = path.with_name(f"{path.stem}-damaged-{now}{ending}{path.suffix}")
        if not os.path.lexists(aside):
            break
    path.rename(aside)
    return aside
