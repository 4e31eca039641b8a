"""The sheet of keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from .plain import Button, Label, set_title
from .theme import GAP, GAP_L, GAP_XL
from .widgets import muted


class ShortcutSheet(QDialog):
    """`shortcuts` has the title and the keys of each, as the system writes them.

    `send_with` is the setting: `enter` or `ctrl_enter`.
    """

    def __init__(
        self, shortcuts: Sequence[tuple[str, str]], send_with: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        title = self.tr("Keyboard Shortcuts")
        set_title(self, title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._area = area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(title)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        table = self._table([*self._of_writing(send_with), *shortcuts])
        area.setWidget(table)
        done = Button(self.tr("Done"), self)  # sheets have no close button on a Mac
        done.setDefault(True)
        done.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_XL, GAP_XL, GAP, GAP_L)
        layout.setSpacing(GAP_L)
        layout.addWidget(area)
        layout.addWidget(done, 0, Qt.AlignmentFlag.AlignHCenter)
        area.setFocus()  # the keys that scroll; Return means Done
        bar = area.verticalScrollBar().sizeHint().width()
        area.setMinimumWidth(table.sizeHint().width() + bar)
        without = self.sizeHint().height() - area.sizeHint().height()
        height = min(without + table.sizeHint().height(), parent.height() - 2 * GAP_XL)
        self.resize(self.sizeHint().width(), height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self._area.verticalScrollBar()
        ends = {Qt.Key.Key_Home: bar.minimum(), Qt.Key.Key_End: bar.maximum()}
        if event.key() in ends:
            bar.setValue(ends[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _of_writing(self, send_with: str) -> list[tuple[str, str]]:
        """The keys of the message field."""
        send, line = {
            "enter": ("Return", "Shift+Return"),
            "ctrl_enter": ("Ctrl+Return", "Return"),
        }[send_with]
        return [
            (self.tr("Send Message"), as_written(send)),
            (self.tr("Insert Line Break"), as_written(line)),
            (self.tr("Edit the Last Question, in an Empty Field"), as_written("Up")),
            (self.tr("Stop Generating or Cancel Edit"), as_written("Esc")),
        ]

    def _table(self, shortcuts: Sequence[tuple[str, str]]) -> QWidget:
        table = QWidget(self)
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, GAP_L, 0)
        grid.setHorizontalSpacing(2 * GAP_XL)
        grid.setVerticalSpacing(GAP)
        for row, (title, keys) in enumerate(shortcuts):
            grid.addWidget(Label(title, table), row, 0)
            grid.addWidget(muted(keys, table), row, 1, Qt.AlignmentFlag.AlignRight)
        return table


def as_written(keys: str | QKeySequence) -> str:
    """The keys as the system writes them: `Ctrl+K` is ⌘K on a Mac."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
