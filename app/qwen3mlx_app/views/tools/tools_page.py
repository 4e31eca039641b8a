"""The Tools page: MCP servers, their tools, and how to add one."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...services.server_errors import told
from ..following import follow
from ..kept_rows import KeptRows
from ..page import Page
from ..theme import GAP, Theme
from ..widgets import error_label, hint_label
from .add_server import AddServer
from .built_in import BuiltInSwitches
from .server_card import ServerCard


class ToolsPage(Page):
    """A card for each server, the built-in tools first. Updated while it is visible."""

    def __init__(self, tools: ToolsController, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_title(self.tr("Tools"))
        self._tools = tools
        self._theme = theme
        self.column.addWidget(
            hint_label(
                self.tr(
                    "MCP servers give the model tools. They are programs that run on this"
                    " computer, as you: add only those you trust. A chat uses the ones that are"
                    " chosen below its message field."
                ),
                self,
            )
        )
        self.column.addSpacing(GAP)
        self._list = QVBoxLayout()
        self._list.setSpacing(GAP + 4)
        self.column.addLayout(self._list)
        self._cards = KeptRows[ServerCard](self._list, self)
        self._off = hint_label(self.tr("Start the server to see the tools."), self)
        self._faults = error_label("", self)
        self.column.addWidget(self._off)
        self.column.addWidget(self._faults)
        own = BuiltInSwitches(tools, theme, self)
        self._own_title = self.add_section(self.tr("Built-in tools that reach further"), own)
        self.add_section(self.tr("Add a server"), AddServer(tools, self))
        self.column.addStretch()
        follow(self, self._show, tools.changed, tools.tools_changed, tools.own_changed)
        follow(self, self._show_log, tools.log_read)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tools.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tools.watch(False)

    def _show(self, *_: object) -> None:
        servers = self._tools.servers.values()
        self._cards.keep([server.name for server in servers], self._card)
        for server in servers:
            self._cards.by_key[server.name].show_server(server)
            self._cards.by_key[server.name].show_tools()
        self._off.setVisible(not servers)
        self._own_title.setVisible(self._tools.own is not None)
        lines = [
            self.tr("Line {line}: {text}.").format(line=fault.line, text=told(fault.text))
            for fault in self._tools.faults
        ]
        self._faults.setText("\n".join(lines))
        self._faults.setVisible(bool(lines))

    def _card(self, name: str) -> ServerCard:
        return ServerCard(self._tools, name, self._theme, self)

    def _show_log(self, server: str, text: str) -> None:
        if server in self._cards.by_key:
            self._cards.by_key[server].show_log(text)
