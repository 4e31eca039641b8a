"""What the header says of a temporary chat."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .plain import Button
from .theme import GAP_S
from .widgets import muted, tool_button


class TemporaryMark(QWidget):
    """Emits `begun` to begin a temporary chat, and `kept` to keep the one that is shown."""

    begun = Signal()
    kept = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said = muted(self.tr("Not saved"), self)
        self._keep = Button(self.tr("Keep This Chat"), self)
        self._keep.setObjectName("link")
        self._keep.clicked.connect(self.kept)
        self._toggle = tool_button(self, "temporary", self.tr("Temporary chat"))
        self._toggle.setCheckable(True)
        self._toggle.clicked.connect(self._toggled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_S)
        for widget in (self._said, self._keep, self._toggle):
            row.addWidget(widget)

    def show_state(self, *, is_temporary: bool, is_empty: bool) -> None:
        """An empty conversation can still become a temporary one, or the other way round."""
        self._said.setVisible(is_temporary)
        self._keep.setVisible(is_temporary and not is_empty)
        self._toggle.setVisible(is_empty)
        self._toggle.setChecked(is_temporary)

    def _toggled(self, is_on: bool) -> None:
        (self.begun if is_on else self.kept).emit()
