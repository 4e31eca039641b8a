"""Widgets in rows that wrap."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ..services.timers import single_shot
from .placed import Placed, height_at
from .theme import GAP


class Flow(Placed):
    """Places its visible widgets from left to right, in as many rows as they need.

    With `is_right`, the rows end at the right.
    """

    def __init__(self, parent: QWidget | None = None, *, is_right: bool = False) -> None:
        super().__init__(parent)
        self._is_right = is_right
        self._widgets: list[QWidget] = []

    def add(self, widget: QWidget) -> None:
        widget.setParent(self)
        self._widgets.append(widget)
        self.updateGeometry()

    def remove(self, widget: QWidget) -> None:
        self._widgets.remove(widget)
        widget.hide()
        widget.deleteLater()
        self.updateGeometry()

    def count(self) -> int:
        return len(self._widgets)

    def row_height(self) -> int:
        return max((widget.sizeHint().height() for widget in self._widgets), default=0)

    def sizeHint(self) -> QSize:
        return QSize(0, self.row_height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def parts(self) -> list[QWidget]:
        return [widget for widget in self._widgets if not widget.isHidden()]

    def places(self, width: int) -> list[QRect]:
        places: list[QRect] = []
        x = y = row = first = 0
        for widget in self.parts():
            wide = min(widget.sizeHint().width(), width)
            size = QSize(wide, height_at(widget, wide))
            if x and x + size.width() > width:
                self._end_row(places[first:], width)
                x, y, row, first = 0, y + row + GAP, 0, len(places)
            places.append(QRect(x, y, size.width(), size.height()))
            x += size.width() + GAP
            row = max(row, size.height())
        self._end_row(places[first:], width)
        return places

    def _end_row(self, places: list[QRect], width: int) -> None:
        rest = width - 1 - places[-1].right() if places and self._is_right else 0
        for place in places:
            place.translate(rest, 0)


class FlowArea(QScrollArea):
    """Widgets in rows, as high as they are up to `most_rows`; more can be scrolled to.

    One row is left where the window has no room for more.
    """

    def __init__(self, most_rows: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_rows = most_rows
        self._height = 0
        self._flow = Flow(self)
        self.setWidget(self._flow)
        self._flow.setAutoFillBackground(False)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        bar = self.verticalScrollBar()
        self._to_end = single_shot(self, 0, lambda: bar.setValue(bar.maximum()))
        self.hide()

    def add(self, widget: QWidget) -> None:
        self._flow.add(widget)
        widget.show()
        self._fit()
        self._to_end.start()

    def remove(self, widget: QWidget) -> None:
        self._flow.remove(widget)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(0, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        row = self._flow.row_height() + GAP
        height = self._flow.heightForWidth(self.viewport().width())
        self._height = min(height, int(self._most_rows * row))
        self.setMinimumHeight(min(height, row))
        self.setMaximumHeight(self._height)
        self.updateGeometry()
        self.setVisible(bool(self._flow.count()))
        self._flow.place()
