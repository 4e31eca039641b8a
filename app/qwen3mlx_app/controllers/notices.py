"""The notices on screen: each until it is dismissed, or its cause is gone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, Signal

from ..domain import Notice, Undo

translate = QCoreApplication.translate

# The most notices on screen, and the most lines of one.
MOST, MOST_LINES = 4, 8


class Notices(QObject):
    """`shown` are on screen, the latest last; `changed` tells of them."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: list[Notice] = []
        self._refused: list[str] = []

    def add(self, notice: Notice) -> None:
        """Show a notice in place of an equal one, or of one with the same topic."""
        self.shown = [
            known
            for known in self.shown
            if known.text != notice.text and not (notice.topic and known.topic == notice.topic)
        ]
        self.shown.append(notice)
        while len(self.shown) > MOST:  # infos go first
            self.shown.remove(
                next((one for one in self.shown if one.kind == "info"), self.shown[0])
            )
        self.changed.emit()

    def add_refusal(self, sentence: str) -> None:
        """Name a file that was refused, beside those named already."""
        if sentence not in self._refused:
            self._refused.append(sentence)
        lines = self._refused[:MOST_LINES]
        if len(self._refused) > MOST_LINES:
            more = translate("notices", "{count} more files were refused.")
            lines.append(more.format(count=len(self._refused) - MOST_LINES))
        self.add(Notice(text="\n".join(lines), kind="warning", topic="refused"))

    def dismiss(self, notice: Notice) -> None:
        if notice in self.shown:
            self._keep([one for one in self.shown if one != notice])

    def settle(self, topic: str) -> None:
        """Remove the notices of a topic: their cause is gone."""
        self._keep([one for one in self.shown if one.topic != topic])

    def undone(self, action: Undo) -> None:
        """Remove the notice that offered to undo this."""
        self._keep([one for one in self.shown if one.action is not action])

    def forget(self, is_gone: Callable[[Undo], bool]) -> None:
        """Remove the notices that offered to undo what no longer can be."""
        self._keep(
            [
                one
                for one in self.shown
                if not (isinstance(one.action, Undo) and is_gone(one.action))
            ]
        )

    def _keep(self, notices: list[Notice]) -> None:
        if not any(one.topic == "refused" for one in notices):
            self._refused.clear()
        if notices != self.shown:
            self.shown = notices
            self.changed.emit()
