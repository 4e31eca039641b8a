"""The keyboard shortcuts, in a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from .theme import GAP, GAP_XL


class ShortcutSheet(QDialog):
    """`shortcuts`: what each does, and its keys as the system writes them."""

    def __init__(self, shortcuts: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        grid.setHorizontalSpacing(2 * GAP_XL)
        grid.setVerticalSpacing(GAP)
        own = [
            (self.tr("Send the message"), self.tr("Enter")),
            (self.tr("A new line in the message"), self.tr("Shift+Enter")),
            (self.tr("Stop the answer, or leave an edit"), self.tr("Esc")),
        ]
        for row, (title, keys) in enumerate([*own, *shortcuts]):
            label = QLabel(keys, self)
            label.setObjectName("muted")
            grid.addWidget(QLabel(title, self), row, 0)
            grid.addWidget(label, row, 1, Qt.AlignmentFlag.AlignRight)
