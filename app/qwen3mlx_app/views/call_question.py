"""The question whether a tool may run, and its answers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..services.plain import one_line
from .flow import Flow
from .plain import Button
from .theme import GAP_S
from .widgets import hint_label


class CallQuestion(QWidget):
    """Emits `replied(reply)`: once, always or deny."""

    replied = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        self._text = hint_label("", self)
        layout.addWidget(self._text)
        row = Flow(self)
        layout.addWidget(row)
        self._buttons: list[Button] = []
        for reply, title in self._titles().items():
            button = Button(title, self)
            button.clicked.connect(partial(self._reply, reply))
            self._buttons.append(button)
            row.add(button)

    def ask(self, tool: str, server: str) -> None:
        text = self.tr("Allow {server} to run {tool} with these arguments?")
        self._text.setText(one_line(text.format(server=server, tool=tool)))
        for button, title in zip(self._buttons, self._titles().values(), strict=True):
            button.setEnabled(True)
            button.setAccessibleName(one_line(f"{title}: {tool}"))

    def _titles(self) -> dict[str, str]:
        return {
            "once": self.tr("Allow Once"),
            "always": self.tr("Always Allow"),
            "deny": self.tr("Deny"),
        }

    def _reply(self, reply: str) -> None:
        """Nothing can be answered twice."""
        for button in self._buttons:
            button.setEnabled(False)
        self.replied.emit(reply)
