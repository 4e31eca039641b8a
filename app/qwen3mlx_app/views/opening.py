"""Links, files and folders outside of the window."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, QProcess, QUrl
from PySide6.QtGui import QDesktopServices

from ..services.links import SCHEMES, is_safe


def open_link(url: str) -> None:
    """Open a safe link in the browser or mail program."""
    target = QUrl(url.strip(), QUrl.ParsingMode.StrictMode)
    if is_safe(url) and target.isValid() and target.scheme() in SCHEMES:
        QDesktopServices.openUrl(target)


def local_files(data: QMimeData) -> list[Path]:
    """The files and folders that were dropped or copied."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def show_folder(path: Path) -> None:
    """Show a folder in the file manager. On a Mac, opening one named `*.app` would start it."""
    if not path.is_dir():
        return
    if sys.platform == "darwin":
        QProcess.startDetached("/usr/bin/open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
