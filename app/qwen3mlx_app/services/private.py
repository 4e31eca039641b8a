"""Files and folders that only this user may read, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents. Raises OSError."""
    for path in reversed((folder, *folder.parents)):
        if not path.is_dir():
            path.mkdir(0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file, or keep an existing one. Raises OSError."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(handle).st_uid == os.getuid():
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def keep_private(profile: Path, names: Iterable[str]) -> None:
    """Protect the profile folder, and the files that Qt would create by the umask.

    What cannot be changed, such as another user's folder, is left alone.
    """
    if profile != Path.home():
        with suppress(OSError):
            profile.chmod(0o700)
    for name in names:
        with suppress(OSError):
            make_file(profile / name)
