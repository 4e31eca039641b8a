"""What a person should know, in a line that goes away."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ..domain import Notice
from .theme import GAP

# Milliseconds that a notice stays; what went wrong stays until it is closed.
STAYS = 8000


class NoticeBar(QFrame):
    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._action = ""
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._button = QPushButton(self)
        self._button.clicked.connect(self._act)
        close = QToolButton(self)
        close.setText("✕")
        close.setAccessibleName(self.tr("Close the notice"))
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP * 2, GAP, GAP, GAP)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        layout.addWidget(close)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        names = {
            "undo_delete": self.tr("Undo"),
            "start_server": self.tr("Start the server"),
            "retry": self.tr("Try again"),
        }
        self._text.setText(notice.text)
        self._action = notice.action or ""
        self._button.setVisible(bool(self._action))
        self._button.setText(names.get(self._action, ""))
        self._button.setAccessibleName(names.get(self._action, ""))
        self.setProperty("kind", notice.kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()
        if notice.kind == "info":
            self._timer.start(STAYS)
        else:
            self._timer.stop()

    def _act(self) -> None:
        self.hide()
        self.action_wanted.emit(self._action)
