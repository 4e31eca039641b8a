"""A tool: its name, what its author says of it, whether it may run, and a test."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...domain import BUILT_IN, Tool
from ...services.plain import one_line
from ...services.server_errors import told
from ..fields import NoScrollComboBox
from ..plain import Button, Label, NameLabel, selectable
from ..theme import GAP, GAP_S, Theme
from ..widgets import error_label
from .test_form import TestForm

# The least width of the choice of consent, in pixels.
LEAST = 90


class ToolRow(QWidget):
    """The description is shown as the plain text that it is, whatever it asks for."""

    def __init__(
        self, tools: ToolsController, server: str, tool: Tool, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._tools, self._server, self._tool, self._theme = tools, server, tool, theme
        self._form: TestForm | None = None
        layout = self._layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GAP, 0, GAP)
        layout.setSpacing(GAP_S)
        layout.addLayout(self._head())
        words = told(tool.description) if server == BUILT_IN else tool.description
        about = selectable(Label(words.strip(), self))
        about.setObjectName("muted")
        about.setVisible(bool(about.text()))
        layout.addWidget(about)
        if tool.fault is not None:
            text = self.tr("It cannot be offered: {reason}.").format(reason=told(tool.fault))
            fault = error_label(text, self)
            layout.addWidget(fault)

    def show_consent(self, tool: Tool) -> None:
        self._consent.setCurrentIndex(self._consent.findData(tool.consent))

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        name = NameLabel(self._tool.name, self)
        name.setMinimumWidth(1)
        self._consent = NoScrollComboBox(self)
        self._consent.setMinimumWidth(LEAST)  # its text is elided where there is no room
        called = one_line(self.tr("When {name} may run").format(name=self._tool.name))
        self._consent.setAccessibleName(called)
        for consent, title in (
            ("ask", self.tr("Ask first")),
            ("always", self.tr("Always allow")),
            ("never", self.tr("Never allow")),
        ):
            self._consent.addItem(title, consent)
        self.show_consent(self._tool)
        self._consent.activated.connect(self._set_consent)
        self._test = Button(self.tr("Test"), self)
        self._test.setCheckable(True)
        self._test.setAccessibleName(one_line(self.tr("Test {name}").format(name=self._tool.name)))
        self._test.toggled.connect(self._show_form)
        self._test.setEnabled(self._tool.fault is None)
        self._consent.setEnabled(self._tool.fault is None)
        row.addWidget(name, 1)
        row.addWidget(self._consent)
        row.addWidget(self._test)
        return row

    def _set_consent(self) -> None:
        self._tools.set_consent(self._server, self._tool.name, self._consent.currentData())

    def _show_form(self, is_shown: bool) -> None:
        if self._form is None:
            self._form = TestForm(self._tools, self._server, self._tool, self._theme, self)
            self._layout.addWidget(self._form)
        self._form.setVisible(is_shown)
