"""An on/off switch."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from .pressing import EnterPresses
from .text_scale import grown
from .theme import Theme

# Pixels at the default text size; those around it are for the ring of the focus.
WIDTH, HEIGHT, INSET, AROUND = 38, 22, 2, 2


class Switch(EnterPresses, QAbstractButton):
    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(grown(WIDTH) + 2 * AROUND, grown(HEIGHT) + 2 * AROUND)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, on = self._theme.colours, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(self.rect()).adjusted(AROUND, AROUND, -AROUND, -AROUND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent if on else colours.faint))
        if not self.isEnabled():
            painter.setOpacity(0.5)
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        side = track.height() - 2 * INSET
        left = track.right() - INSET - side if on else track.left() + INSET
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(QRectF(left, track.top() + INSET, side, side))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            ring = track.adjusted(-1.2, -1.2, 1.2, 1.2)
            painter.drawRoundedRect(ring, ring.height() / 2, ring.height() / 2)
