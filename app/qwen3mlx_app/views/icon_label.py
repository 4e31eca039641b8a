"""An icon as a widget, in a colour of the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from .icons import icon
from .text_scale import grown


class IconLabel(QWidget):
    """`side` is in pixels at the default text size."""

    def __init__(
        self, name: str, side: int, parent: QWidget | None = None, colour: str = "muted"
    ) -> None:
        super().__init__(parent)
        self._icon = icon(name, colour)
        self._side = side
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(grown(self._side), grown(self._side))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._icon.paint(painter, self.rect())
