"""The fields that say where an MCP server is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from ...domain import ToolServer
from ...services.mcp_entry import entry, written
from ..theme import GAP_S


class ServerForm(QWidget):
    """A name, a command or an address, and variables; `entered` says that Return was pressed."""

    entered = Signal()

    def __init__(self, parent: QWidget, server: ToolServer | None = None) -> None:
        """Filled in with a `server` to change, whose name stays."""
        super().__init__(parent)
        self._known = server.variables if server is not None else ()
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setAccessibleName(self.tr("Name of the server"))
        self.place = QLineEdit(self)
        self.place.setPlaceholderText(self.tr("Command or address: uvx mcp-server-time"))
        self.place.setAccessibleName(self.tr("Command or address of the server"))
        self.variables = lines(self, 2)
        self.variables.setPlaceholderText(
            self.tr("Variables of the program, or headers for an address: NAME=value, one a line")
        )
        self.variables.setAccessibleName(self.tr("Variables or headers"))
        for field in (self.name, self.place):
            field.setMinimumWidth(50)
            field.returnPressed.connect(self.entered)
        self.row = QHBoxLayout()
        self.row.setSpacing(GAP_S)
        self.row.addWidget(self.name, 1)
        self.row.addWidget(self.place, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addLayout(self.row)
        column.addWidget(self.variables)
        if server is not None:
            place, variables = written(server)
            self.name.setText(server.name)
            self.name.setEnabled(False)
            self.place.setText(place)
            self.variables.setPlainText(variables)

    def entry(self) -> dict[str, Any]:
        """What is written, as an entry of mcp.json. Raises EntryError."""
        return entry(self.place.text(), self.variables.toPlainText(), self._known)

    def clear(self) -> None:
        for field in (self.name, self.place, self.variables):
            field.clear()


def lines(parent: QWidget, count: int) -> QPlainTextEdit:
    """A field with room for some lines; Tab leaves it."""
    field = QPlainTextEdit(parent)
    field.setTabChangesFocus(True)
    field.setFixedHeight(field.fontMetrics().lineSpacing() * count + 22)
    return field
