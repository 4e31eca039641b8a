"""Files and folders that only this user may read, whatever the umask is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """With those above it that are missing. Raises OSError."""
    for path in reversed((folder, *folder.parents)):
        if not path.is_dir():
            path.mkdir(0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Empty where there is none yet; what is in another one stays. Raises OSError."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        if os.fstat(handle).st_uid == os.getuid():
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def keep_private(profile: Path, names: Iterable[str]) -> None:
    """The profile folder, and the files of these `names`, for which Qt would ask the umask.

    What cannot be changed, such as another user's, is left as it is.
    """
    if profile != Path.home():
        with suppress(OSError):
            profile.chmod(0o700)
    for name in names:
        with suppress(OSError):
            make_file(profile / name)
