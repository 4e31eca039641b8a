"""Notices beside what a page shows: they cover nothing, and move nothing that is looked at.

They take half of the page at most, for what is left has to be of use; more can be scrolled to.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ..controllers.notices import Notices
from ..domain import Notice, Undo
from ..services.plain import one_line
from ..services.timers import single_shot
from .pages import Pages
from .plain import Button, Label
from .theme import GAP, GAP_L
from .widgets import tool_button

# Milliseconds that a notice stays; warnings and errors stay until they are closed.
STAYS = 8000
# The widest notice, and the distance from the top of a chat, in pixels.
WIDTH, TOP = 560, 50


class NoticeBar(QScrollArea):
    """Below a page, or above a conversation, whose end is where one reads and writes.

    `action_wanted(action)`: that of the notice, whose button was clicked.
    """

    action_wanted = Signal(object)

    def __init__(self, notices: Notices, pages: Pages, parent: QWidget) -> None:
        super().__init__(parent)
        self._notices = notices
        self._pages = pages
        self._over = parent
        self._cards: list[NoticeCard] = []
        content = self._content = QWidget(self)
        content.setAutoFillBackground(False)
        self._layout = QVBoxLayout(content)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self.setWidgetResizable(True)
        self.setWidget(content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the focus
        bar = self.verticalScrollBar()
        self._to_end = single_shot(self, 0, lambda: bar.setValue(bar.maximum()))
        notices.changed.connect(self._show)
        pages.shown.connect(self._place)
        parent.installEventFilter(self)
        self.hide()
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        shown = self._notices.shown
        for card in [one for one in self._cards if one.notice not in shown]:
            self._cards.remove(card)
            self._layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        known = [card.notice for card in self._cards]
        for notice in [one for one in shown if one not in known]:
            card = NoticeCard(notice, self._content)
            card.closed.connect(self._notices.dismiss)
            card.clicked.connect(self._act)
            self._cards.append(card)
            self._layout.addWidget(card)
            card.show()
            self._to_end.start()
        self.setVisible(bool(self._cards))
        self._place()

    def _place(self, *_: object) -> None:
        parent = self._over
        width = min(WIDTH, parent.width() - 2 * GAP_L)
        self._layout.activate()
        height = max(
            self._layout.totalHeightForWidth(width), self._layout.totalMinimumSize().height()
        )
        height = min(height, parent.height() // 2)
        top = TOP if self._pages.name == "chat" else parent.height() - height - GAP
        self.setGeometry((parent.width() - width) // 2, top, width, height)
        self._pages.make_room(height + GAP if self._cards else 0)
        self.raise_()

    def _act(self, notice: Notice) -> None:
        self._notices.dismiss(notice)
        self.action_wanted.emit(notice.action)


class NoticeCard(QFrame):
    """One notice. Emits `clicked(notice)` when its button was, and `closed(notice)`."""

    clicked = Signal(object)
    closed = Signal(object)

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setObjectName("notice")
        self.setProperty("kind", notice.kind)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP, GAP, GAP)
        text = Label(notice.text, self)
        text.setWordWrap(True)
        text.setMinimumWidth(1)
        layout.addWidget(text, 1)
        if notice.action is not None:
            button = Button(self._name(notice), self)
            button.setAccessibleName(one_line(button.text()))
            button.clicked.connect(lambda: self.clicked.emit(notice))
            layout.addWidget(button)
        close = tool_button(self, "close", self.tr("Dismiss"), self._close, kind="action")
        layout.addWidget(close)
        self.setAccessibleName(one_line(notice.text))
        if notice.kind == "info":
            single_shot(self, STAYS, self._close).start()

    def _close(self) -> None:
        self.closed.emit(self.notice)

    def _name(self, notice: Notice) -> str:
        if isinstance(notice.action, Undo):
            return self.tr("Undo")
        names = {
            "start_server": self.tr("Start Server"),
            "restart_server": self.tr("Restart Server"),
            "show_release": self.tr("Show Release"),
        }
        return names[str(notice.action)]
