"""An MCP server: its state, its tools, its log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ...controllers.tools import ToolsController
from ...domain import BUILT_IN, Tool, ToolServer
from ...services.plain import one_line, visible
from ...services.server_errors import told
from ..dot import Dot
from ..fold import Fold
from ..opening import open_link
from ..plain import Button, Label, NameLabel, confirm
from ..style import MONOSPACE
from ..switch import Switch
from ..theme import GAP, GAP_L, GAP_S, Theme
from ..widgets import error_label, hint_label, tool_button
from .edit_server import EditServer
from .tool_row import ToolRow

# The most characters shown of a log, the last ones, and its height in pixels.
MAX_LOG, LOG_HEIGHT = 50_000, 180


class ServerCard(QFrame):
    """The tools are asked for, which starts the server, when they are first unfolded."""

    def __init__(
        self, tools: ToolsController, name: str, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._tools, self._name, self._theme = tools, name, theme
        self._rows: dict[str, ToolRow] = {}
        self._shown: list[Tool] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP + 4, GAP_L, GAP + 4)
        layout.setSpacing(GAP_S)
        layout.addLayout(self._head())
        layout.addLayout(self._place_and_buttons())
        self._error = error_label("", self)
        self._note = Label("", self)
        self._note.setObjectName("warning")
        self._note.setWordWrap(True)
        self._sign: Callable[[str], object] = tools.sign_out
        self._sign_in = Button("", self)
        self._sign_in.clicked.connect(lambda *_: self._sign(self._name))
        self._fold = Fold(self)
        self._fold.toggled.connect(self._unfold)
        layout.addWidget(self._error)
        layout.addWidget(self._note)
        layout.addWidget(self._sign_in, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._fold)
        layout.addWidget(self._list())
        self._log = QPlainTextEdit(self)
        self._log.setReadOnly(True)
        self._log.setFixedHeight(LOG_HEIGHT)
        self._log.setAccessibleName(one_line(self.tr("Log of {name}").format(name=self._title)))
        self._log.setStyleSheet(f"font-family: {MONOSPACE}; font-size: {theme.font_size - 2}px;")
        self._log.setTabChangesFocus(True)
        self._log.hide()
        layout.addWidget(self._log)

    @property
    def _title(self) -> str:
        return self.tr("Built in") if self._name == BUILT_IN else self._name

    def show_server(self, server: ToolServer) -> None:
        state, colour = self._states(server)
        self._dot.set_colour(colour)
        self._state.setText(state)
        own = self.tr("Tools that come with the program.")
        self._place.setText(own if self._name == BUILT_IN else server.place)
        error = self._tools.errors.get(self._name) or ""
        if server.error and not error:
            error = self.tr("The server failed: {reason}.").format(reason=told(server.error))
        if server.wants_sign_in:
            error = self.tr("This server wants you to sign in.")
        if self._name in self._tools.signing_in:
            error = self.tr("Sign in in your browser…")
        self._show_sign_in(server)
        self._error.setText(error)
        self._error.setVisible(bool(error))
        self._note.setText(told(server.note or ""))
        self._note.setVisible(bool(server.note))
        self._fold.set_title(self._fold_title(server.num_tools))
        for part in (self._fold, self._restart) if self._name != BUILT_IN else ():
            part.setEnabled(not server.disabled)
        if server.disabled:
            self._fold.setChecked(False)
        if self._name != BUILT_IN:
            with QSignalBlocker(self._switch):
                self._switch.setChecked(not server.disabled)

    def show_tools(self) -> None:
        """Show the tools as they are known now."""
        known = self._tools.tools.get(self._name)
        self._asking.setVisible(known is None and self._name not in self._tools.errors)
        same = known is not None and self._shown is not None and _same(known, self._shown)
        if not same:
            self._make_rows(known or ())
        for tool in known or ():
            self._rows[tool.name].show_consent(tool)
        self._shown = known
        self._about.setVisible(bool(known) and self._name != BUILT_IN)

    def show_log(self, text: str) -> None:
        """Show the end of the log, and scroll there."""
        shown = text[-MAX_LOG:]
        self._log.setPlainText(visible(shown, MAX_LOG) or self.tr("Nothing was written yet."))
        self._log.verticalScrollBar().setValue(self._log.verticalScrollBar().maximum())

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP_S)
        name = NameLabel(self._title, self)
        name.setObjectName("section")
        name.setMinimumWidth(1)
        self._dot = Dot(self._theme, self)
        self._state = hint_label("", self)
        self._state.setWordWrap(False)
        row.addWidget(name, 1)
        row.addWidget(self._dot)
        row.addWidget(self._state)
        return row

    def _place_and_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP_S)
        self._place = NameLabel("", self)
        self._place.setObjectName("muted")
        self._place.setMinimumWidth(1)
        row.addWidget(self._place, 1)
        if self._name == BUILT_IN:
            return row
        self._switch = Switch(
            one_line(self.tr("Use {name}").format(name=self._name)), self._theme, self
        )
        self._switch.toggled.connect(partial(self._tools.switch, self._name))
        row.addWidget(self._switch)
        edit = tool_button(self, "edit", self.tr("Edit…"), self._edit)
        log = tool_button(self, "file", self.tr("Log"))
        log.setCheckable(True)
        log.toggled.connect(self._toggle_log)
        self._restart = tool_button(
            self, "again", self.tr("Restart"), partial(self._tools.restart, self._name)
        )
        remove = tool_button(self, "trash", self.tr("Remove"), self._ask_to_remove)
        for button, text in (
            (edit, self.tr("Edit {name}")),
            (log, self.tr("Log of {name}")),
            (self._restart, self.tr("Restart {name}")),
            (remove, self.tr("Remove {name}")),
        ):
            button.setAccessibleName(one_line(text.format(name=self._title)))
            row.addWidget(button)
        return row

    def _list(self) -> QWidget:
        self._body = QWidget(self)
        self._lines = QVBoxLayout(self._body)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self._asking = hint_label(self.tr("Asking for its tools…"), self._body)
        self._about = hint_label(
            self.tr("Names and descriptions are by the server's author; the model reads them."),
            self._body,
        )
        self._lines.addWidget(self._asking)
        self._lines.addWidget(self._about)
        self._body.hide()
        return self._body

    def _make_rows(self, tools: Sequence[Tool]) -> None:
        """What is added to a layout that is seen shows later, and lays out all anew each time."""
        is_open = not self._body.isHidden()
        self._body.hide()
        for row in self._rows.values():
            row.deleteLater()
        self._rows.clear()
        for tool in tools:
            row = ToolRow(self._tools, self._name, tool, self._theme, self._body)
            self._rows[tool.name] = row
            self._lines.addWidget(row)
        self._body.setVisible(is_open)

    def _states(self, server: ToolServer) -> tuple[str, str]:
        if server.disabled:
            return self.tr("Off"), "faint"
        return {
            "stopped": (self.tr("Not started"), "faint"),
            "starting": (self.tr("Starting…"), "warning"),
            "running": (self.tr("Running"), "good"),
            "failed": (self.tr("Failed"), "error"),
        }[server.state]

    def _fold_title(self, count: int | None) -> str:
        if count is None:
            return self.tr("Tools")
        if count == 1:
            return self.tr("1 tool")
        return self.tr("{count} tools").format(count=count)

    def _unfold(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        if is_open and self._tools.tools.get(self._name) is None:
            self._tools.look(self._name)
        self.show_tools()

    def _show_sign_in(self, server: ToolServer) -> None:
        """The button begins to sign in, gives that up, or signs out."""
        is_under_way = self._name in self._tools.signing_in
        self._sign_in.setVisible(is_under_way or server.wants_sign_in or server.is_signed_in)
        if is_under_way:
            text, self._sign = self.tr("Cancel"), self._tools.give_up_sign_in
        elif server.wants_sign_in:
            text, self._sign = self.tr("Sign In"), partial(_sign_in, self._tools)
        else:
            text, self._sign = self.tr("Sign Out"), self._tools.sign_out
        self._sign_in.setText(text)
        self._sign_in.setAccessibleName(one_line(f"{text}: {self._title}"))

    def _toggle_log(self, is_shown: bool) -> None:
        self._log.setVisible(is_shown)
        if is_shown:
            self._tools.read_log(self._name)

    def _edit(self) -> None:
        if (server := self._tools.servers.find(self._name)) is not None:
            EditServer(self._tools, server, self.window()).open()

    def _ask_to_remove(self) -> None:
        question = self.tr("Remove the server {name}? Its entry in mcp.json is deleted.")
        remove = partial(self._tools.remove, self._name)
        confirm(self, question.format(name=self._name), self.tr("Remove"), remove)


def _sign_in(tools: ToolsController, name: str) -> None:
    tools.sign_in(name, open_link)


def _same(tools: list[Tool], others: list[Tool]) -> bool:
    """Whether they differ in their consent at most: then forms stay as they are."""
    return [(t.name, t.description, t.schema, t.fault) for t in tools] == [
        (t.name, t.description, t.schema, t.fault) for t in others
    ]
