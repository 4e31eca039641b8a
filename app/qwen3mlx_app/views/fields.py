"""Fields for pages that scroll: the mouse wheel over them does not change their value."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QSlider, QStyle, QStyleOptionComboBox

from ..services.plain import one_line

# The width of a box that is always there, in pixels.
LEAST = 80


class NoScrollComboBox(QComboBox):
    """Elides text that is too long in the middle."""

    def addItem(self, text: str, userData: Any = None) -> None:  # type: ignore[override]
        super().addItem(one_line(text), userData)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), LEAST), hint.height())

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        field = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        whole, middle = option.currentText, Qt.TextElideMode.ElideMiddle
        option.currentText = self.fontMetrics().elidedText(whole, middle, field.width())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NoScrollSlider(QSlider):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
