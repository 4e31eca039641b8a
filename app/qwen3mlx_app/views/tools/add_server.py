"""The forms that add MCP servers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...services.mcp_entry import EntryError, entry
from ...services.plain import listed
from ..opening import show_folder
from ..page import Group
from ..plain import Button, Label, set_tip
from ..theme import GAP, GAP_S
from ..widgets import hint_label

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
        self._name = QLineEdit(self)
        self._name.setPlaceholderText(self.tr("Name"))
        self._name.setAccessibleName(self.tr("Name of the server"))
        self._place = QLineEdit(self)
        self._place.setPlaceholderText(self.tr("Command or address: uvx mcp-server-time"))
        self._place.setAccessibleName(self.tr("Command or address of the server"))
        self._variables = _lines(self, 2)
        self._variables.setPlaceholderText(
            self.tr("Variables of the program, or headers for an address: NAME=value, one a line")
        )
        self._variables.setAccessibleName(self.tr("Variables or headers"))
        add = Button(self.tr("Add"), self)
        add.setAccessibleName(self.tr("Add server"))
        add.clicked.connect(self._add)
        for field in (self._name, self._place):
            field.setMinimumWidth(50)
            field.returnPressed.connect(self._add)
        row = QHBoxLayout()
        row.setSpacing(GAP_S)
        row.addWidget(self._name, 1)
        row.addWidget(self._place, 3)
        row.addWidget(add)
        column = _column()
        column.addLayout(row)
        column.addWidget(self._variables)
        return column

    def _paste(self) -> QVBoxLayout:
        self._text = _lines(self, 4)
        self._text.setPlaceholderText(EXAMPLE)
        self._text.setAccessibleName(self.tr("Text of an mcp.json"))
        paste = Button(self.tr("Add from Text"), self)
        paste.clicked.connect(self._add_all)
        show = Button(self.tr("Show mcp.json"), self)
        show.clicked.connect(self._show_file)
        set_tip(
            show, self.tr("Change or disable servers there: it is read again whenever it changes.")
        )
        column = _column()
        column.addWidget(
            hint_label(
                self.tr("Or paste an mcp.json, as other apps have it and servers describe it."),
                self,
            )
        )
        column.addWidget(self._text)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(show)
        row.addWidget(paste)
        column.addLayout(row)
        return column

    def _add(self) -> None:
        name = self._name.text().strip()
        if not name:
            self._say([self.tr("Enter a name.")], "error")
            self._name.setFocus()
            return
        if self._tools.servers.find(name) is not None:
            taken = self.tr("There is a server {name} already: choose another name, or remove it.")
            self._say([taken.format(name=name)], "error")
            return
        try:
            made = entry(self._place.text(), self._variables.toPlainText())
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
            for field in (self._name, self._place, self._variables, self._text):
                field.clear()
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


def _lines(parent: QWidget, count: int) -> QPlainTextEdit:
    """A field with room for some lines; Tab leaves it."""
    field = QPlainTextEdit(parent)
    field.setTabChangesFocus(True)
    field.setFixedHeight(field.fontMetrics().lineSpacing() * count + 22)
    return field
