"""The folder of the program's own state, and the JSON files in it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, NotSavedError

# Seconds to wait for another program that writes.
LOCK_PATIENCE = 5.0
# Where nothing is: the home of a user who has none, by Debian's convention.
NO_HOME = Path("/nonexistent")
# What the program and its window keep in the state folder, but models.
_OURS = (
    *("settings.json", "models.json", "api-keys.json", "key-use.json", "admin-token-*.json"),
    *("history", "window.*", "quantize.json", "conversations*.sqlite*", "server-crash.log"),
)


def state_home() -> Path:
    """QWEN3MLX_HOME, else where the platform keeps such things; in NO_HOME without a home."""
    if home := os.environ.get("QWEN3MLX_HOME"):
        return expanded(home)
    from platformdirs import user_data_path

    try:
        folder = user_data_path("qwen3mlx", appauthor=False)
    except RuntimeError:  # so platformdirs says that there is no home; older ones leave the ~
        return NO_HOME / "qwen3mlx"
    return folder if folder.is_absolute() else NO_HOME / "qwen3mlx"


def user_home() -> Path:
    """The user's folder. An unknown user id without HOME, as in containers, has NO_HOME."""
    try:
        return Path.home()
    except RuntimeError:
        return NO_HOME


def expanded(path: str | Path) -> Path:
    """`~/x` and `~somebody/x` as whole paths. ConfigurationError where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"{path} names the folder of a user who has none here: write the whole path."
        ) from None


def keep_private(home: Path | None = None) -> None:
    """Only this user may read the state folder and what the program keeps in it.

    For folders of an earlier version, and of those who made them themselves. What is not ours, or
    cannot be changed, is left as it is, and so are files that are none of the program's.
    """
    folder = home or state_home()
    if folder != user_home():
        _make_private(folder, 0o700)
    for name in _OURS:
        for path in folder.glob(name):
            _make_private(path, 0o700 if path.is_dir() else 0o600)


def _make_private(path: Path, mode: int) -> None:
    with suppress(OSError):
        status = path.lstat()
        is_ours = status.st_uid == os.getuid() and not stat.S_ISLNK(status.st_mode)
        if is_ours and stat.S_IMODE(status.st_mode) & 0o077:
            path.chmod(mode)


def make_folder(folder: Path) -> None:
    """Only this user may read it, and what had to be made above it, whatever the umask is."""
    for path in reversed((folder, *folder.parents)):
        if not path.is_dir():
            path.mkdir(0o700, exist_ok=True)


class StateFile:
    """One JSON object in the state folder, read and written as a whole; only its owner may read it.

    A reader sees the old or the new content, never a part of it. A broken file is never written
    over: reading it raises ConfigurationError, which names it.
    """

    def __init__(self, name: str, home: Path | None = None) -> None:
        self.path = (home or state_home()) / name

    def read(self) -> dict[str, Any]:
        """The object; an empty one when there is no such file yet."""
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be read ({error.strerror}): check who may read it."
            ) from None
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"{self.path} is not JSON ({error}): correct it, or delete it to start anew."
            ) from None
        if not isinstance(value, dict):
            raise ConfigurationError(
                f"{self.path} must hold a JSON object, not {type(value).__name__}: correct it, or "
                "delete it to start anew."
            )
        return value

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """The object, to be changed in place and written back; other programs wait meanwhile.

        Raises NotSavedError where it cannot be: the old content stays.
        """
        folder = self._folder()
        try:
            self._lock(folder)
            values = self.read()
            yield values
            try:
                self._replace(values)
            except OSError as error:
                raise self._not_saved(error) from None
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        """A program that was halted while it had the lock must not halt this one."""
        end = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if not isinstance(error, BlockingIOError):
                    raise self._not_saved(error) from None
                if time.monotonic() > end:
                    raise self._not_saved(error) from None
            time.sleep(0.02)

    def _folder(self) -> int:
        """The folder, opened; made where it is not there yet."""
        folder = self.path.parent
        try:
            if folder.is_relative_to(NO_HOME):
                raise FileNotFoundError(errno.ENOENT, "this user has no home folder")
            make_folder(folder)
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, "it is read-only")
            return os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise self._not_saved(error) from None

    def _not_saved(self, error: OSError) -> NotSavedError:
        advice = "set QWEN3MLX_HOME to a folder that may be written"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "make room on that disk"
        if isinstance(error, BlockingIOError):
            advice = "another program writes there and does not end; end it"
        return NotSavedError(
            f"Nothing can be saved in {self.path.parent} ({error.strerror}): {advice}."
        )

    def _replace(self, values: Mapping[str, Any]) -> None:
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
