"""The Server page: state, memory, requests, access and snippets."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...controllers.server import ServerController
from ...domain import ServerState
from ..beside import Beside, in_row
from ..dot import Dot
from ..following import follow
from ..page import Group, Page
from ..plain import Button, Label
from ..switch import Switch
from ..theme import Theme
from ..widgets import hint_label, tool_button
from .access import AccessGroup, KeysGroup
from .connect import ConnectGroup
from .memory import MemoryGroup
from .requests import LogGroup, RunningGroup


class ServerPage(Page):
    """Updated while it is visible."""

    def __init__(
        self,
        server: ServerController,
        model_id: Callable[[], str],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Server"))
        self._server = server
        self._connect = ConnectGroup(lambda: server.snippets(model_id()), theme, self)
        self.column.addWidget(self._head(theme))
        for title, group in (
            (self.tr("Memory"), MemoryGroup(server, theme, self)),
            (self.tr("Active requests"), RunningGroup(server.running, theme, self)),
            (self.tr("Connect other apps"), self._connect),
            (self.tr("Access"), AccessGroup(server, self)),
            (self.tr("API keys"), KeysGroup(server, self)),
            (self.tr("Request log"), LogGroup(server.log, theme, self)),
        ):
            self.add_section(title, group)
        self.column.addStretch()
        server.state_changed.connect(self._show_state)
        follow(self, lambda _: self._connect.show_snippets(), server.keys_changed)
        self._show_state(server.state)
        if server.state.phase == "ready":  # the page missed what the server reported at its start
            server.refresh_keys()
            server.refresh_settings()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._server.watch(True)
        self._connect.show_snippets()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._server.watch(False)

    def _head(self, theme: Theme) -> Group:
        group = Group(self)
        self._dot = Dot(theme, self)
        self._state = Label("", self)
        self._state.setWordWrap(True)
        self._address = hint_label("", self)
        text = self.tr("Copy address")
        self._copy = tool_button(self, "copy", text, self._copy_address, kind="action")
        self._restart = Button(self.tr("Restart"), self)
        self._restart.clicked.connect(self._server.restart)
        self._on = Switch(self.tr("Run the server"), theme, self)
        self._on.clicked.connect(self._toggle)
        words = QWidget(self)
        lines = QVBoxLayout(words)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self._address)
        line.addWidget(self._copy)
        line.addStretch()
        lines.addWidget(self._state)
        lines.addLayout(line)
        said, buttons = in_row([self._dot, words], self), in_row([self._restart, self._on], self)
        group.add_widget(Beside(said, buttons, self))
        return group

    def _toggle(self) -> None:
        if self._server.state.phase in ("ready", "starting"):
            self._server.stop()
        else:
            self._server.start()

    def _show_state(self, state: ServerState) -> None:
        title, kind = {
            "stopped": (self.tr("The server is off"), "faint"),
            "starting": (self.tr("The server is starting…"), "warning"),
            "ready": (self.tr("The server is running"), "good"),
            "failed": (self.tr("The server failed"), "error"),
            "stopping": (self.tr("The server is stopping…"), "warning"),
        }[state.phase]
        self._state.setText(title)
        self._dot.set_colour(kind)
        self._address.setText(f"{state.url}/v1" if state.url else state.reason or "")
        self._address.setVisible(bool(self._address.text()))
        self._copy.setVisible(state.url is not None)
        self._on.setChecked(state.phase in ("ready", "starting"))
        self._on.setEnabled(state.phase != "stopping")
        self._restart.setEnabled(state.phase == "ready")
        self._connect.show_snippets()

    def _copy_address(self) -> None:
        QGuiApplication.clipboard().setText(self._address.text())
