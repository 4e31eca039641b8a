"""Whether settings of the server take effect only after a restart, with a button for that."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..controllers.server import ServerController
from .beside import Beside
from .following import follow
from .plain import Button
from .theme import GAP
from .widgets import hint_label


class RestartHint(QWidget):
    """A line below settings that the server saves."""

    def __init__(self, server: ServerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._server = server
        self._text = hint_label("", self)
        self._restart = Button(self.tr("Restart to Apply"), self)
        self._restart.clicked.connect(server.restart)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP, 0, GAP)
        column.addWidget(Beside(self._text, self._restart, self))
        follow(self, self._show, server.settings_changed, server.state_changed)
        self._show()

    def _show(self, *_: object) -> None:
        is_ready = self._server.state.phase == "ready"
        is_needed = is_ready and self._server.restart_needed
        self._restart.setVisible(is_needed)
        if is_needed:
            text = self.tr("Restart the server to apply these changes.")
        elif is_ready:
            text = self.tr("Changes take effect after the server restarts.")
        else:
            text = self.tr("Start the server to change these.")
        self._text.setText(text)
