"""Backups of the conversations: one a day, and any of them put back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ..domain import Notice, Undo
from ..services.store import (
    Backup,
    Store,
    backup_folder,
    backups,
    is_corrupt,
    is_due,
    is_full,
    make_backup,
    restore,
    store_error,
)
from ..services.timers import single_shot
from .store_controller import StoreController

translate = QCoreApplication.translate

# Milliseconds from the start until the first look whether a backup is due, and between looks.
FIRST_LOOK, LOOK_AGAIN = 20_000, 3_600_000


class BackupsController(StoreController):
    """Backups are made and put back on a thread: neither stalls the window.

    `about_to_restore`: save and leave what is open. `busy_changed(busy)`: nothing may be changed
    while it is busy. `restored`: other conversations are there now.
    """

    about_to_restore = Signal()
    busy_changed = Signal(bool)
    restored = Signal()
    _done = Signal(object, object)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        assert store.path is not None
        self._store = store
        self._database = store.path
        self._thread: threading.Thread | None = None
        self._has_told = False
        self._first = single_shot(self, FIRST_LOOK, self.back_up)
        self._again = QTimer(self)
        self._again.setInterval(LOOK_AGAIN)
        self._again.timeout.connect(self.back_up)
        self._done.connect(self._finish)

    @property
    def folder(self) -> Path:
        return backup_folder(self._database)

    def start(self) -> None:
        self._first.start()
        self._again.start()

    def back_up(self) -> None:
        """Make the backup of today, if there is none yet."""

        def work() -> Path | None:
            return make_backup(self._database, "daily") if is_due(self._database) else None

        self._run(work, self._on_made)

    def listed(self) -> list[Backup]:
        """Those that can be put back, the latest first."""
        return backups(self._database)

    def restore(self, path: Path) -> bool:
        """Put a backup back; what is there now is backed up first. False while it is busy."""
        if self._thread is not None:
            text = translate("backups", "A backup is being made. Try again in a moment.")
            self.notice.emit(Notice(text=text, topic="backup"))
            return False
        self.about_to_restore.emit()
        self.busy_changed.emit(True)
        self._run(lambda: restore(self._database, path), self._on_restored)
        return True

    def wait(self) -> None:
        """Wait for what is being made: half of a backup is none."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Call `done` here with what `work` returned or raised on its thread."""
        if self._thread is not None:
            return

        def run() -> None:
            try:
                outcome = work()
            except (OSError, sqlite3.Error) as error:
                outcome = error
            self._done.emit(done, outcome)

        self._thread = threading.Thread(target=run, name="backup", daemon=True)
        self._thread.start()

    def _finish(self, done: Callable[[Any], None], outcome: object) -> None:
        self._thread = None
        done(outcome)

    def _on_made(self, outcome: Path | OSError | sqlite3.Error | None) -> None:
        if not isinstance(outcome, Exception):
            self._has_told = False
            self.settled.emit("backup")
            return
        if is_corrupt(outcome):
            self._store.distrust()
        if not self._has_told:
            self._has_told = True
            text = self._why_not(outcome)
            self.notice.emit(Notice(text=text, kind="warning", topic="backup"))

    def _on_restored(self, outcome: Path | OSError | sqlite3.Error) -> None:
        self.busy_changed.emit(False)
        if isinstance(outcome, Exception):
            self._notify_error(_not_restored(outcome), "backup")
            return
        self._try(self._store.finish_interrupted)
        self.restored.emit()
        text = translate("backups", "The backup was restored.")
        undo = Undo("restore_backup", partial(self.restore, outcome))
        self.notice.emit(Notice(text=text, action=undo, topic="backup"))

    def _why_not(self, error: OSError | sqlite3.Error) -> str:
        if is_full(error):
            return translate(
                "backups",
                "There is no room for today’s backup of your conversations. They are saved as"
                " usual; free up some space, and the backup is made later.",
            )
        if is_corrupt(error):
            return str(store_error(error))
        text = translate(
            "backups",
            "Today’s backup of your conversations cannot be made ({reason}). Check the permissions"
            " of {folder}.",
        )
        return text.format(reason=error, folder=self.folder)


def _not_restored(error: OSError | sqlite3.Error) -> str:
    if is_full(error):
        return translate(
            "backups",
            "There is no room to restore the backup. Nothing has changed: free up some space, and"
            " try again.",
        )
    text = translate(
        "backups",
        "The backup cannot be restored ({reason}). Nothing has changed: choose another one.",
    )
    return text.format(reason=error)
