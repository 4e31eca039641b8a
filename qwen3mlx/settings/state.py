"""The folder of the program's own state, and its JSON files."""

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
from ..quoting import printable, size_text

# Bytes; a models.json with settings for a thousand models has a tenth of it.
LARGEST = 4 << 20
# Seconds to wait while another program writes.
LOCK_PATIENCE = 5.0
# What a file can hold in place of an object, by the type that it is read as.
_KINDS: dict[type, str] = {
    list: "list",
    str: "string",
    int: "number",
    float: "number",
    bool: "true or false",
    type(None): "null",
}
# Debian's conventional home for users without one; it does not exist.
NO_HOME = Path("/nonexistent")
# The files that the program and its window keep in the state folder.
_OURS = (
    *("mcp.json", "tools.json", "tool-tokens.json", "tool-logs"),
    *("settings.json", "models.json", "api-keys.json", "key-use.json", "admin-token-*.json"),
    *(
        "history",
        "window.*",
        "quantize.json",
        "measured.json",
        "downloads.json",
        "ranks",
        "calibration",
        "conversations*.sqlite*",
    ),
    "server-crash.log",
)


def state_home() -> Path:
    """Return QWEN3MLX_HOME, else the platform's folder for application data; for a user without a
    home, a folder in NO_HOME.
    """
    if home := os.environ.get("QWEN3MLX_HOME"):
        return expanded(home)
    from platformdirs import user_data_path

    try:
        folder = user_data_path("qwen3mlx", appauthor=False)
    except RuntimeError:  # raised if there is no home; older versions of platformdirs leave the ~
        return NO_HOME / "qwen3mlx"
    return folder if folder.is_absolute() else NO_HOME / "qwen3mlx"


def user_home() -> Path:
    """Return the user's home folder, or NO_HOME for a user without one, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return NO_HOME


def expanded(path: str | Path) -> Path:
    """Expand `~/x` and `~user/x`. Raises ConfigurationError if there can be no such home."""
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError):  # ValueError: a NUL
        raise ConfigurationError(
            f"{printable(str(path))} names the folder of a user who has none here: "
            "write the whole path."
        ) from None


def keep_private(home: Path | None = None) -> None:
    """Make the state folder, and the program's files in it, readable by this user only.

    Folders made by earlier versions, or by the user, may be open to others. Other programs' files,
    other users' files, and files whose mode cannot be changed stay as they are.
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
    """Create the folder and its missing parents, for this user only, whatever the umask is."""
    for path in reversed((folder, *folder.parents)):
        if not path.is_dir():
            path.mkdir(0o700, exist_ok=True)


class StateFile:
    """A JSON object in the state folder that only its owner can read.

    It is read and replaced as a whole: a reader sees the old or the new content. A broken file is
    never overwritten; reading it raises ConfigurationError, which names it.
    """

    def __init__(self, name: str, home: Path | None = None) -> None:
        self.path = (home or state_home()) / name

    def read(self) -> dict[str, Any]:
        """Return the object; an empty one if there is no file yet."""
        text = self.text()
        if text is None:
            return {}
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"{self.path} is not JSON ({_fault(error)}): correct it, or delete it to start "
                "anew."
            ) from None
        if not isinstance(value, dict):
            raise ConfigurationError(
                f"{self.path} must hold a JSON object, not {_KINDS[type(value)]}: correct it, or "
                "delete it to start anew."
            )
        return value

    def text(self) -> str | None:
        """Return the file's text, or None if there is no file yet. Raises ConfigurationError."""
        try:
            return self._text()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"{self.path} is not JSON ({_fault(error)}): correct it, or delete it to start "
                "anew."
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be read ({error.strerror}): check who may read it."
            ) from None

    def _text(self) -> str:
        """A pipe or a device must not block the program."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, encoding="utf-8") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(f"{self.path} is not an ordinary file: delete it.")
            if status.st_size > LARGEST:
                raise ConfigurationError(
                    f"{self.path} has {size_text(status.st_size)}, too much for such a file: "
                    "correct it, or delete it to start anew."
                )
            return file.read().removeprefix("\ufeff")  # some editors begin a file with this mark

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """Yield the object to change in place, then save it; other programs wait meanwhile.

        Raises NotSavedError, and leaves the old content, if it cannot be saved.
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
        """Lock the folder, but not forever: a suspended program can hold the lock."""
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
        """Open the folder, and create it if missing."""
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


def _fault(error: ValueError | RecursionError) -> str:
    """Say in a few words why text could not be read as JSON."""
    if isinstance(error, json.JSONDecodeError):
        return f"the fault is at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} is not UTF-8"
    return (
        "it is nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
    )
