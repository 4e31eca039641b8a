"""The forms that add MCP servers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...services.mcp_entry import EntryError
from ...services.plain import listed
from ..flow import Flow
from ..opening import show_folder
from ..page import Group
from ..plain import Button, Label, set_tip
from ..theme import GAP, GAP_S
from ..widgets import hint_label
from .server_form import ServerForm, lines

EXAMPLE = '{"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}'


class AddServer(Group):
    """One server by its command or address, or several from the text of an mcp.json."""

    def __init__(self, tools: ToolsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.add_layout(self._form())
        self.add_layout(self._paste())
        self._outcome = Label("", self)
        self._outcome.setWordWrap(True)
        self._outcome.hide()
        self.add_widget(self._outcome)
        tools.added.connect(self._show_added)
        tools.refused.connect(self._show_refused)

    def _form(self) -> QVBoxLayout:
        self._one = ServerForm(self)
        self._one.entered.connect(self._add)
        add = Button(self.tr("Add"), self)
        add.setAccessibleName(self.tr("Add server"))
        add.clicked.connect(self._add)
        self._one.row.addWidget(add)
        column = _column()
        column.addWidget(self._one)
        return column

    def _paste(self) -> QVBoxLayout:
        self._text = lines(self, 4)
        self._text.setPlaceholderText(EXAMPLE)
        self._text.setAccessibleName(self.tr("Text of an mcp.json"))
        paste = Button(self.tr("Add from Text"), self)
        paste.clicked.connect(self._add_all)
        show = Button(self.tr("Show mcp.json"), self)
        show.clicked.connect(self._show_file)
        set_tip(
            show, self.tr("You can change it in an editor: it is read again whenever it changes.")
        )
        column = _column()
        column.addWidget(
            hint_label(
                self.tr("Or paste an mcp.json, as other apps have it and servers describe it."),
                self,
            )
        )
        column.addWidget(self._text)
        buttons = Flow(self, is_right=True)
        buttons.add(show)
        buttons.add(paste)
        column.addWidget(buttons)
        return column

    def _add(self) -> None:
        name = self._one.name.text().strip()
        if not name:
            self._say([self.tr("Enter a name.")], "error")
            self._one.name.setFocus()
            return
        if self._tools.servers.find(name) is not None:
            taken = self.tr("There is a server {name} already: choose another name, or remove it.")
            self._say([taken.format(name=name)], "error")
            return
        try:
            made = self._one.entry()
        except EntryError as error:
            self._say([str(error)], "error")
            return
        self._tools.add(name, made)

    def _add_all(self) -> None:
        if self._text.toPlainText().strip():
            self._tools.add_all(self._text.toPlainText())

    def _show_file(self) -> None:
        if self._tools.path:
            show_folder(Path(self._tools.path).parent)

    def _show_added(self, names: list[str], left_out: list[str]) -> None:
        if names and not left_out:
            self._one.clear()
            self._text.clear()
        added = self.tr("Added: {names}.").format(names=listed(names))
        self._say([*([added] if names else []), *left_out], "error" if left_out else "muted")

    def _show_refused(self, reason: str) -> None:
        self._say([reason], "error")

    def _say(self, sentences: list[str], kind: str) -> None:
        self._outcome.setText("\n".join(sentences))
        self._outcome.setObjectName(kind)
        self._outcome.style().polish(self._outcome)
        self._outcome.show()


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(0, GAP, 0, GAP)
    column.setSpacing(GAP_S)
    return column
