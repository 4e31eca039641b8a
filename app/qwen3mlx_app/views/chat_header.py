"""The line above a conversation: its title, and the buttons for what stands beside it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from .plain import NameLabel
from .temporary_mark import TemporaryMark
from .theme import GAP
from .widgets import tool_button


class ChatHeader(QWidget):
    """Emits `sidebar_wanted` to show or hide the sidebar, and `panel_toggled(is_shown)`."""

    sidebar_wanted = Signal()
    panel_toggled = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP, GAP, 0)
        sidebar = self.tr("Show or hide the sidebar")
        row.addWidget(tool_button(self, "sidebar", sidebar, self.sidebar_wanted.emit))
        self.title = NameLabel("", self)
        self.title.setObjectName("section")
        self.title.setMinimumWidth(1)
        self.temporary = TemporaryMark(self)
        self._panel = tool_button(self, "sliders", self.tr("Conversation settings"))
        self._panel.setCheckable(True)
        self._panel.toggled.connect(self.panel_toggled)
        row.addWidget(self.title, 1)
        row.addWidget(self.temporary)
        row.addWidget(self._panel)

    @property
    def shows_panel(self) -> bool:
        """Whether the conversation's settings are shown."""
        return self._panel.isChecked()

    def show_panel(self, is_shown: bool) -> None:
        """Press the button of the settings."""
        self._panel.setChecked(is_shown)
