"""Words, and what belongs to them at their right; below them where there is no room for both."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .placed import Placed, height_at
from .theme import GAP, GAP_L, GAP_S


class Beside(Placed):
    """`field` has its own width, or with `widest` half of the room up to that many pixels."""

    def __init__(
        self, words: QWidget, field: QWidget, parent: QWidget, widest: int = 0, gap: int = GAP_L
    ) -> None:
        super().__init__(parent)
        self._gap = gap
        self._words, self._field, self._widest = words, field, widest
        for part in self.parts():
            part.setParent(self)

    def parts(self) -> tuple[QWidget, QWidget]:
        return self._words, self._field

    def sizeHint(self) -> QSize:
        words, field = self._words.sizeHint(), self._field.sizeHint()
        width = words.width() + self._gap + (self._widest or field.width())
        return QSize(width, max(words.height(), field.height()))

    def minimumSizeHint(self) -> QSize:
        words, field = self._words.minimumSizeHint(), self._field.minimumSizeHint()
        least = self._field.minimumWidth() if self._widest else field.width()
        return QSize(max(_least(self._words), least), max(words.height(), field.height()))

    def places(self, width: int) -> tuple[QRect, QRect]:
        if self._field.isHidden() or not self._field.sizeHint().width():
            return QRect(0, 0, width, height_at(self._words, width)), QRect()
        wide = self._field.sizeHint().width()
        if self._widest:
            half = max(self._field.minimumWidth(), (width - self._gap) // 2)
            wide = min(self._widest, half)
        rest = width - self._gap - wide
        if rest >= _least(self._words):
            tall, high = height_at(self._words, rest), height_at(self._field, wide)
            whole = max(tall, high)
            return (
                QRect(0, (whole - tall) // 2, rest, tall),
                QRect(width - wide, (whole - high) // 2, wide, high),
            )
        wide = min(width, self._widest or wide)
        tall = height_at(self._words, width)
        below = QRect(0, tall + GAP_S, wide, height_at(self._field, wide))
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
