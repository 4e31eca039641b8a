"""The head of something that can be folded."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from .icons import icon
from .plain import ToolButton


class Fold(ToolButton):
    """A button with an arrow that points down while it is checked, which means open."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fold")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.toggled.connect(self._turn)
        self._turn(False)

    def set_title(self, title: str) -> None:
        if title != self.text():
            self.setText(title)
            self.setAccessibleName(title)

    def _turn(self, is_open: bool) -> None:
        self.setIcon(icon("down" if is_open else "right"))
