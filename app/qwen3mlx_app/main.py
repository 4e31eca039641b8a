"""`qwen3mlx app`: start the window, and end it in good order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLockFile, QStandardPaths, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from .composition import Program
from .qt_start import start_qt
from .services.files import is_odd, put_aside
from .services.first_window import FirstWindow, raise_first
from .services.language import use_language
from .services.private import keep_private, make_folder
from .services.settings import SettingsFile
from .services.store import StoreError

LOCK = "window.lock"


def main(profile_dir: Path | None, program: Sequence[str], link: str = "") -> int:
    """Run the window and return the exit code.

    Errors before it opens go to stderr, on one line, and into a dialog. Where the profile's window
    is open already, it comes to the front.

    `program` is the command that starts `qwen3mlx`. Without `profile_dir`, the profile is the
    server's state folder. `link` is a link to the app or the URL of a file, to be opened in it.
    """
    profile = Path(os.path.abspath(profile_dir.expanduser())) if profile_dir else default_profile()
    os.environ["QWEN3MLX_HOME"] = str(profile)  # also for the server
    application = start_qt()
    if (reason := _not_usable(profile)) is not None:
        return _failed(reason)
    lock = QLockFile(str(profile / LOCK))
    if not lock.tryLock(0):
        is_open = lock.error() == QLockFile.LockError.LockFailedError
        return 0 if is_open and raise_first(profile, link) else _failed(_not_locked(lock))
    keep_private(profile, (LOCK, "window.ini"))
    QGuiApplication.setApplicationDisplayName("qwen3mlx")
    QGuiApplication.setQuitOnLastWindowClosed(True)
    use_language(SettingsFile(profile / "window.json").read().language)
    try:
        parts = Program(profile, program)
    except StoreError as error:
        return _failed(str(error))
    # Imported late, to show the window sooner.
    from .views.windows import Windows

    windows = Windows(parts)
    windows.add_first().show()
    first = FirstWindow(profile, parts)
    first.wanted.connect(windows.open_link)
    application.link_opened.connect(windows.open_link)
    if link:
        windows.open_link(link)
    QTimer.singleShot(0, parts.start)
    _end_on_signals(application)
    try:
        return application.exec()
    finally:
        windows.close()
        parts.close()


def default_profile() -> Path:
    """The folder that also holds the server's state."""
    if home := os.environ.get("QWEN3MLX_HOME"):
        return Path(home).expanduser()
    kind = QStandardPaths.StandardLocation.GenericDataLocation
    return Path(QStandardPaths.writableLocation(kind)) / "qwen3mlx"


def _failed(reason: str) -> int:
    """Tell why the window cannot open: whoever starts it from the Dock sees no stderr."""
    print(f"qwen3mlx: {reason}", file=sys.stderr)
    if QGuiApplication.platformName() not in ("offscreen", "minimal"):
        from .views.plain import tell

        tell(None, "qwen3mlx", reason)
    return 1


def _not_usable(profile: Path) -> str | None:
    """Why the profile cannot be used, or None. Opening a pipe as the lock would block."""
    try:
        make_folder(profile)
        if is_odd(profile / LOCK):
            put_aside(profile / LOCK)
    except OSError as error:
        return f"{profile} cannot be used ({error.strerror}): name another with --profile-dir."
    return None


def _not_locked(lock: QLockFile) -> str:
    if lock.error() == QLockFile.LockError.LockFailedError:
        return "The window is open already: look for it there."
    return f"{lock.fileName()} cannot be written: free some space, or allow writing to its folder."


def _end_on_signals(application: QApplication) -> None:
    """Let Ctrl-C and SIGTERM end the program in good order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.exit(0))
    # Python handles signals only while Python code runs.
    timer = QTimer(application)
    timer.timeout.connect(lambda: None)
    timer.start(200)
