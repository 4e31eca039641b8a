"""A notice above the page."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ..domain import Notice, Undo
from ..services.timers import single_shot
from .icons import SMALL
from .plain import Button, Label
from .theme import GAP, GAP_L
from .widgets import tool_button

# Milliseconds that a notice stays; warnings and errors stay until they are closed.
STAYS = 8000


class NoticeBar(QWidget):
    """`action_wanted(action)`: that of the notice, whose button was clicked."""

    action_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action: str | Undo | None = None
        self._frame = QFrame(self)
        self._frame.setObjectName("notice")
        self._text = Label("", self)
        self._text.setWordWrap(True)
        self._button = Button("", self)
        self._button.clicked.connect(self._act)
        close = tool_button(self, "close", self.tr("Dismiss"), self.hide, size=SMALL)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(GAP_L, GAP, GAP_L, 0)
        outer.addWidget(self._frame)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(GAP_L, GAP, GAP, GAP)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        layout.addWidget(close)
        self._timer = single_shot(self, STAYS, self.hide)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        names = {
            "start_server": self.tr("Start Server"),
            "restart_server": self.tr("Restart Server"),
        }
        self._text.setText(notice.text)
        self._action = notice.action
        self._button.setVisible(notice.action is not None)
        is_undo = callable(notice.action)
        name = self.tr("Undo") if is_undo else names.get(str(notice.action), "")
        self._button.setText(name)
        self._button.setAccessibleName(name)
        self._frame.setProperty("kind", notice.kind)
        for widget in (self._frame, self._text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show()
        if notice.kind == "info":
            self._timer.start()
        else:
            self._timer.stop()

    def _act(self) -> None:
        self.hide()
        self.action_wanted.emit(self._action)
