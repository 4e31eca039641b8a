"""Imports conversations in slices, so that the window is painted meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Transcript
from ..services.sliced_work import SlicedWork
from ..services.store import Known, Store, StoreError
from ..services.transfer import TransferError, import_file
from .store_controller import StoreController

translate = QCoreApplication.translate

# Seconds of work between other events; conversations that are saved together.
SLICE, TOGETHER = 0.1, 20


class Importer(StoreController):
    """`imported(id)`: the last of some files' conversations is saved, with all before it."""

    imported = Signal(str)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._waiting: list[Path] = []
        self._work = SlicedWork(SLICE, self)

    def import_files(self, paths: Sequence[Path]) -> None:
        """Import the conversations of files, after those that are being imported."""
        self._waiting += paths
        if not self._work.is_running:
            self._work.start(self._all())

    def _all(self) -> Iterator[None]:
        tally = _Tally()
        try:
            known = Known(self._store)
            while self._waiting:
                yield from self._file(self._waiting.pop(0), known, tally)
        except StoreError as error:
            self._notify_error(str(error), "save")
        if tally.last is not None:
            self.notice.emit(Notice(text=tally.text, topic="import"))
            self.imported.emit(tally.last)

    def _file(self, path: Path, known: Known, tally: _Tally) -> Iterator[None]:
        try:
            found = import_file(path)
        except TransferError as error:
            self._notify_error(str(error))
            return
        tally.num_skipped += found.num_skipped
        for first in range(0, len(found.transcripts), TOGETHER):
            some = found.transcripts[first : first + TOGETHER]
            new = [each for each in some if not tally.counts_as_known(known.find(each))]
            self._store.add(new)
            self.settled.emit("save")
            for each in new:
                known.add(each)
                tally.add(each)
            self._show_progress(first + len(some), found.transcripts)
            yield

    def _show_progress(self, done: int, transcripts: Sequence[Transcript]) -> None:
        if len(transcripts) > TOGETHER:
            text = translate("conversations", "Importing: {done} of {total} conversations")
            text = text.format(done=f"{done:,}", total=f"{len(transcripts):,}")
            self.notice.emit(Notice(text=text, topic="import"))


class _Tally:
    """What became of the conversations; `last` is one to show."""

    def __init__(self) -> None:
        self.num_imported = self.num_known = self.num_skipped = 0
        self.last: str | None = None

    def add(self, transcript: Transcript) -> None:
        self.num_imported += 1
        self.last = transcript.conversation.id

    def counts_as_known(self, conversation_id: str | None) -> bool:
        """Count a conversation that is here already."""
        if conversation_id is None:
            return False
        self.num_known += 1
        self.last = self.last or conversation_id
        return True

    @property
    def text(self) -> str:
        """Such as `10 conversations imported, 2 already here, 1 without messages.`"""
        if not self.num_imported:
            head = translate("conversations", "No conversations imported")
        elif self.num_imported == 1:
            head = translate("conversations", "1 conversation imported")
        else:
            head = translate("conversations", "{count} conversations imported")
        parts = [head.format(count=f"{self.num_imported:,}")]
        if self.num_known:
            text = translate("conversations", "{count} already here")
            parts.append(text.format(count=f"{self.num_known:,}"))
        if self.num_skipped:
            text = translate("conversations", "{count} without messages")
            parts.append(text.format(count=f"{self.num_skipped:,}"))
        # The comma between the parts of a sentence, and its end.
        comma, stop = translate("conversations", ", "), translate("conversations", ".")
        return comma.join(parts) + stop
