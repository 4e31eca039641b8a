"""Widgets that give their parts their places themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class Placed(QWidget):
    """Its height depends on its width. A subclass says what its parts are, and where.

    It is no QLayout: Qt calls a layout in Python while both are being torn down.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def parts(self) -> Sequence[QWidget]:
        raise NotImplementedError

    def places(self, width: int) -> Sequence[QRect]:
        """Where each of the parts is at this width."""
        raise NotImplementedError

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 for place in self.places(width)), default=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a part has another size, or is hidden
            self.updateGeometry()
            self.place()
        return super().event(event)

    def place(self) -> None:
        for part, place in zip(self.parts(), self.places(self.width()), strict=True):
            part.setGeometry(place)


def height_at(part: QWidget, width: int) -> int:
    fits = part.heightForWidth(width) if part.hasHeightForWidth() else -1
    return fits if fits >= 0 else part.sizeHint().height()
