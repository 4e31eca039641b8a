"""The buttons for the pages, at the window's edge."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from .plain import ToolButton, set_tip
from .theme import GAP, GAP_S
from .widgets import labelled_button


class Rail(QWidget):
    """`titles` has the title of each page; the last page's button is at the bottom."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.titles = {
            "chat": self.tr("Chat"),
            "models": self.tr("Models"),
            "tools": self.tr("Tools"),
            "quantize": self.tr("Quantize"),
            "server": self.tr("Server"),
            "settings": self.tr("Settings"),
        }
        self._buttons: dict[str, ToolButton] = {}
        self._group = QButtonGroup(self)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(GAP - 2, GAP + 4, GAP - 2, GAP)
        layout.setSpacing(GAP_S)
        for name, title in self.titles.items():
            if name == "settings":
                layout.addStretch()
            layout.addWidget(self._button(name, title))
        self.set_short(False)
        self.show_page("chat")

    def add_above_settings(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, widget)

    def set_short(self, is_short: bool) -> None:
        """Leave out the words, which the tips have then."""
        style = Qt.ToolButtonStyle
        for name, button in self._buttons.items():
            button.setToolButtonStyle(
                style.ToolButtonIconOnly if is_short else style.ToolButtonTextUnderIcon
            )
            set_tip(button, self.titles[name] if is_short else "")

    def show_page(self, name: str) -> None:
        self._buttons[name].setChecked(True)

    def _button(self, name: str, title: str) -> ToolButton:
        button = labelled_button(self, name, title, kind="tab")
        button.setCheckable(True)
        button.setAccessibleName(title)
        # As wide as the widest title, at any text size.
        button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.wanted.emit(name))
        self._group.addButton(button)
        self._buttons[name] = button
        return button
