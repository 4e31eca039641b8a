"""Words, and what belongs to them at their right; below them where there is no room for both."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .theme import GAP, GAP_L, GAP_S


class Beside(QWidget):
    """`field` has its own width, or with `widest` half of the room up to that many pixels.

    Like `Flow` it is no QLayout: Qt calls a layout in Python while both are being torn down.
    """

    def __init__(
        self, words: QWidget, field: QWidget, parent: QWidget, widest: int = 0, gap: int = GAP_L
    ) -> None:
        super().__init__(parent)
        self._gap = gap
        self._words, self._field, self._widest = words, field, widest
        for part in (words, field):
            part.setParent(self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        words, field = self._words.sizeHint(), self._field.sizeHint()
        width = words.width() + self._gap + (self._widest or field.width())
        return QSize(width, max(words.height(), field.height()))

    def minimumSizeHint(self) -> QSize:
        words, field = self._words.minimumSizeHint(), self._field.minimumSizeHint()
        least = self._field.minimumWidth() if self._widest else field.width()
        return QSize(max(_least(self._words), least), max(words.height(), field.height()))

    def heightForWidth(self, width: int) -> int:
        words, field = self._places(width)
        return max(words.bottom(), field.bottom()) + 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a part has another size, or is hidden
            self.updateGeometry()
            self._place()
        return super().event(event)

    def _place(self) -> None:
        for part, place in zip((self._words, self._field), self._places(self.width()), strict=True):
            part.setGeometry(place)

    def _places(self, width: int) -> tuple[QRect, QRect]:
        if self._field.isHidden() or not self._field.sizeHint().width():
            return QRect(0, 0, width, _height(self._words, width)), QRect()
        wide = self._field.sizeHint().width()
        if self._widest:
            half = max(self._field.minimumWidth(), (width - self._gap) // 2)
            wide = min(self._widest, half)
        rest = width - self._gap - wide
        if rest >= _least(self._words):
            tall, high = _height(self._words, rest), _height(self._field, wide)
            whole = max(tall, high)
            return (
                QRect(0, (whole - tall) // 2, rest, tall),
                QRect(width - wide, (whole - high) // 2, wide, high),
            )
        wide = min(width, self._widest or wide)
        tall = _height(self._words, width)
        below = QRect(0, tall + GAP_S, wide, _height(self._field, wide))
        return QRect(0, 0, width, tall), below


def in_row(widgets: Sequence[QWidget], parent: QWidget, gap: int = GAP) -> QWidget:
    """Widgets from left to right as one."""
    made = QWidget(parent)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget)
    return made


def _least(part: QWidget) -> int:
    return max(part.minimumWidth(), part.minimumSizeHint().width())


def _height(part: QWidget, width: int) -> int:
    fits = part.heightForWidth(width) if part.hasHeightForWidth() else -1
    return fits if fits >= 0 else part.sizeHint().height()
