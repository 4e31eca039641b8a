"""The program's icons: line drawings in the colours of the theme."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).parents[1] / "icons"
# The sizes of icons: in buttons, beside small text, and above the names of pages, in pixels at the
# default text size.
SIZE, SMALL, LARGE = 18, 15, 21.6


def icon(name: str, colour: str = "muted") -> QIcon:
    """The icon `icons/NAME.svg` in a colour of the theme, or `#rrggbb`.

    It follows the theme. A muted icon takes the text colour when hovered or checked.
    """
    return QIcon(_Engine(name, colour))


class _Engine(QIconEngine):
    colours: ClassVar[dict[str, str]] = {}

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        name = self._colour
        if mode == QIcon.Mode.Disabled:
            name = "faint"
        elif name == "muted" and (mode == QIcon.Mode.Active or state == QIcon.State.On):
            name = "text"
        _renderer(self._name, self.colours.get(name, name)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        """Draw `size` times `scale` pixels: Qt 6.11 passes the logical size.

        Qt also asks for the icon of a button that a layout has no room for.
        """
        pixmap = QPixmap(size * scale)
        if pixmap.isNull():
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap


def use_colours(colours: dict[str, str]) -> None:
    """Paint all icons in these colours."""
    _Engine.colours = colours


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
