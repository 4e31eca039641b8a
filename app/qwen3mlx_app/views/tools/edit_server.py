"""The sheet that changes where an MCP server is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...domain import ToolServer
from ...services.mcp_entry import EntryError
from ..plain import Button, Label, set_title
from ..theme import GAP, GAP_L, GAP_XL
from ..widgets import error_label, hint_label
from .server_form import ServerForm

WIDTH = 580


class EditServer(QDialog):
    """The form of a new server, filled in. Closes once the change is saved."""

    def __init__(self, tools: ToolsController, server: ToolServer, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Edit {name}").format(name=server.name)
        set_title(self, title)
        self._tools, self._name = tools, server.name
        heading = Label(title, self)
        heading.setObjectName("section")
        heading.setWordWrap(True)
        self._form = ServerForm(self, server)
        self._form.entered.connect(self._save)
        self._fault = error_label("", self)
        self._fault.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_L)
        layout.setSpacing(GAP)
        layout.addWidget(heading)
        layout.addWidget(self._form)
        if server.variables:
            hint = self.tr("Values are hidden. A line that you leave as it is keeps its value.")
            layout.addWidget(hint_label(hint, self))
        layout.addWidget(self._fault)
        layout.addStretch()
        layout.addLayout(self._buttons())
        self.resize(min(WIDTH, parent.width() - 2 * GAP_XL), self.sizeHint().height())
        self._form.place.setFocus()
        tools.moved.connect(self._show_outcome)

    def _buttons(self) -> QHBoxLayout:
        cancel = Button(self.tr("Cancel"), self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        save = Button(self.tr("Save"), self)
        save.setObjectName("primary")
        save.setAutoDefault(False)
        save.clicked.connect(self._save)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(cancel)
        row.addWidget(save)
        return row

    def _save(self) -> None:
        try:
            self._tools.move(self._name, self._form.entry())
        except EntryError as error:
            self._show_outcome(self._name, str(error))

    def _show_outcome(self, name: str, reason: str) -> None:
        if name != self._name:
            return
        if not reason:
            self.accept()
            return
        self._fault.setText(reason)
        self._fault.show()
