"""A ring that shows how full something is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .text_scale import grown
from .theme import Theme

# Pixels at the default text size.
SIDE, WIDTH = 14, 2.2
# The share from which on it warns.
NEARLY_FULL = 0.9


class Meter(QWidget):
    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_share(self, share: float) -> None:
        """Set the share, from 0 to 1."""
        self._share = share
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(grown(SIDE), grown(SIDE))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self._theme.colours
        width = WIDTH * self.width() / SIDE
        inset = width / 2
        ring = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.line), width))
        painter.drawEllipse(ring)
        colour = colours.accent if self._share < NEARLY_FULL else colours.error
        pen = QPen(QColor(colour), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        sixteenths = round(360 * 16 * min(1.0, self._share))
        painter.drawArc(ring, 90 * 16, -sixteenths)
