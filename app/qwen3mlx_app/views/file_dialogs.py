"""Dialogs that ask for files and folders: each begins where the last one ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDir, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from ..controllers.settings import SettingsController

translate = QCoreApplication.translate

# The program's settings, which keep the folder of the last answer.
_kept_in: list[SettingsController] = []


def keep_folder_in(settings: SettingsController) -> None:
    _kept_in[:] = [settings]


def begin() -> str:
    """The folder of the last answer, else the documents, else the home folder."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    places = (*(one.settings.last_folder or "" for one in _kept_in), documents)
    return next((place for place in places if os.path.isdir(place)), QDir.homePath())


def ask_files(parent: QWidget, title: str = "", kinds: str = "") -> list[Path]:
    """Ask for files; without a title, for such as can be attached."""
    title = title or translate("opening", "Attach files")
    names, _ = QFileDialog.getOpenFileNames(parent, title, begin(), kinds)
    return [_remember(Path(name)) for name in names]


def ask_file(parent: QWidget, title: str, kinds: str) -> str:
    """Ask for a file; empty if the dialog was canceled."""
    name, _ = QFileDialog.getOpenFileName(parent, title, begin(), kinds)
    return str(_remember(Path(name))) if name else ""


def ask_folder(parent: QWidget, title: str) -> str:
    """Ask for a folder; empty if the dialog was canceled."""
    name = QFileDialog.getExistingDirectory(parent, title, begin())
    return str(_remember(Path(name))) if name else ""


def ask_new_file(
    parent: QWidget, title: str, name: str, kinds: Mapping[str, str]
) -> tuple[Path, str] | None:
    """Ask where to write; returns the path and the chosen kind's ending, None if canceled.

    `kinds` maps each ending, such as `.md`, to what is said of it. A name without any gets the
    chosen one, before the dialog asks whether to replace a file.
    """
    dialog = QFileDialog(parent, title, begin())
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(list(kinds.values()))
    endings = {said: ending for ending, said in kinds.items()}
    dialog.filterSelected.connect(lambda said: dialog.setDefaultSuffix(endings[said]))
    dialog.setDefaultSuffix(next(iter(kinds)))
    dialog.selectFile(name)
    is_answered = dialog.exec() == QFileDialog.DialogCode.Accepted
    chosen, ending = dialog.selectedFiles()[:1], endings[dialog.selectedNameFilter()]
    dialog.deleteLater()
    return (_remember(Path(chosen[0])), ending) if is_answered and chosen else None


def _remember(path: Path) -> Path:
    for settings in _kept_in:
        settings.update(last_folder=str(path if path.is_dir() else path.parent))
    return path
