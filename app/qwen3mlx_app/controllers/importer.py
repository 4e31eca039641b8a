"""Imports conversations in slices, so that the window is painted meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Transcript
from ..services.sliced_work import SlicedWork
from ..services.store import Store
from ..services.transfer import TransferError, import_file
from .store_controller import StoreController

translate = QCoreApplication.translate

# Seconds of work between other events; conversations that are saved together.
SLICE, TOGETHER = 0.1, 20


class Importer(StoreController):
    """`imported(id)`: the last of some files' conversations is saved, with all before it."""

    imported = Signal(str)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(store, parent)
        self._waiting: list[Path] = []
        self._work = SlicedWork(SLICE, self)

    def import_files(self, paths: Sequence[Path]) -> None:
        """Import the conversations of files, after those that are being imported."""
        self._waiting += paths
        if not self._work.is_running:
            self._work.start(self._all())

    def _all(self) -> Iterator[None]:
        num_imported = num_skipped = 0
        last = ""
        while self._waiting:
            path = self._waiting.pop(0)
            try:
                found = import_file(path)
            except TransferError as error:
                self._notify_error(str(error))
                continue
            num_skipped += found.num_skipped
            for first in range(0, len(found.transcripts), TOGETHER):
                some = found.transcripts[first : first + TOGETHER]
                if not self._try(partial(self._store.add, some)):
                    break
                num_imported += len(some)
                last = some[-1].conversation.id
                self._show_progress(first + len(some), found.transcripts)
                yield
        if num_imported:
            self._tell(num_imported, num_skipped)
            self.imported.emit(last)

    def _show_progress(self, done: int, transcripts: Sequence[Transcript]) -> None:
        if len(transcripts) > TOGETHER:
            text = translate("conversations", "Importing: {done} of {total} conversations")
            text = text.format(done=f"{done:,}", total=f"{len(transcripts):,}")
            self.notice.emit(Notice(text=text, topic="import"))

    def _tell(self, num_imported: int, num_skipped: int) -> None:
        if num_imported == 1 and not num_skipped:
            text = translate("conversations", "1 conversation imported.")
        elif not num_skipped:
            text = translate("conversations", "{count} conversations imported.")
        elif num_imported == 1:
            text = translate("conversations", "1 conversation imported, {skipped} skipped.")
        else:
            text = translate("conversations", "{count} conversations imported, {skipped} skipped.")
        text = text.format(count=f"{num_imported:,}", skipped=f"{num_skipped:,}")
        self.notice.emit(Notice(text=text, topic="import"))
