"""A colored dot."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from .text_scale import grown
from .theme import Theme

# Pixels at the default text size.
SIDE = 9


class Dot(QWidget):
    """`colour` is one of the theme's names, or `#rrggbb`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, colour: str = "faint") -> None:
        super().__init__(parent)
        self._theme = theme
        self._colour = colour
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_colour(self, name: str) -> None:
        self._colour = name
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(grown(SIDE), grown(SIDE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._theme.colours, self._colour, self._colour)))
        painter.drawEllipse(QRectF(self.rect()))
