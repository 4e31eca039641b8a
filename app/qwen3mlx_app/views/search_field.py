"""A field to search with: a glass before its text, and where wanted a cross that empties it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from .icon_label import IconLabel
from .icons import SMALL
from .theme import GAP_S
from .widgets import tool_button


class SearchField(QLineEdit):
    """`hint` is shown while it is empty; `clear` names the cross that empties it.

    Qt's own icons of fields keep their size at every text size.
    """

    def __init__(self, hint: str, name: str, parent: QWidget, clear: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)
        self._glass = IconLabel("search", SMALL, self)
        self._glass.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._cross = tool_button(self, "close", clear, self.clear, kind="action")
        self._cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Esc does the same
        self._cross.setCursor(Qt.CursorShape.ArrowCursor)
        self._has_cross = bool(clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_S + 2, 0, GAP_S, 0)
        row.addWidget(self._glass)
        row.addStretch()
        row.addWidget(self._cross)
        self.textChanged.connect(self._make_room)
        self._make_room()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._make_room()

    def _make_room(self, *_: object) -> None:
        """The text begins and ends where they do not stand."""
        has_cross = self._has_cross and bool(self.text())
        self._cross.setVisible(has_cross)
        right = self._cross.sizeHint().width() + GAP_S if has_cross else 0
        self.setTextMargins(self._glass.sizeHint().width() + GAP_S + 4, 0, right, 0)
