"""The window's pages: each is made when it is first shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ..composition import Program
from ..session import Session
from .chat_page import ChatPage
from .models import ModelsPage
from .quantize import QuantizePage
from .server import ServerPage
from .settings_page import SettingsPage
from .tab_order import as_seen
from .theme import Theme
from .tools import ToolsPage


class Pages(QStackedWidget):
    """Chat, models, tools, quantize, server and settings. Emits `shown(name)`."""

    shown = Signal(str)

    def __init__(self, program: Program, session: Session, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._program = program
        self._session = session
        self._theme = theme
        self.name = "chat"
        self.chat = ChatPage(
            session.chat,
            program.conversations,
            program.models,
            program.tools,
            program.settings,
            session.context,
            theme,
            self,
        )
        self._made: dict[str, QWidget] = {"chat": self.chat}
        self.addWidget(self.chat)

    @property
    def current(self) -> QWidget:
        """The page on screen."""
        return self._made[self.name]

    def make_room(self, height: int) -> None:
        """Leave room for notices: above a conversation, or below another page."""
        is_chat = self.current is self.chat
        self.chat.row.setContentsMargins(0, height if is_chat else 0, 0, 0)
        self.setContentsMargins(0, 0, 0, 0 if is_chat else height)

    def show_page(self, name: str) -> None:
        """Show a page; another one than before gets the focus."""
        if name not in self._made:
            self._made[name] = self._make(name)
            self.addWidget(self._made[name])
        is_another = name != self.name
        self.name = name
        self.setCurrentWidget(self.current)
        self.shown.emit(name)
        if is_another:
            self._focus()

    def _focus(self) -> None:
        """Put the focus where work goes on: the message field, or the page's first control."""
        page = self.current
        if page is self.chat:
            self.chat.composer.text.setFocus()
            return
        if stops := as_seen(page):
            stops[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _make(self, name: str) -> QWidget:
        program, chat = self._program, self._session.chat
        if name == "models":
            page = ModelsPage(program.models, program.downloads, program.imports, self._theme, self)
            program.models.refresh_folders()
            return page
        if name == "tools":
            return ToolsPage(program.tools, self._theme, self)
        if name == "quantize":
            made = QuantizePage(program.quantize, program.models, self._theme, self)
            made.load_wanted.connect(self._load_result)
            return made
        if name == "server":
            return ServerPage(program.server, lambda: chat.model_id, self._theme, self)
        return SettingsPage(
            program.settings,
            program.server,
            program.models.limits,
            program.retention,
            program.backups,
            program.autostart,
            program.profile,
            self._theme,
            self,
        )

    def _load_result(self, folder: str) -> None:
        """Load the model that was quantized, and chat with it."""
        entries = self._program.models.models.values()
        entry = next((one for one in entries if Path(one.path) == Path(folder)), None)
        if entry is not None:
            self._program.models.load(entry.id)
            self._session.chat.settings.set_model(entry.id)
            self.show_page("chat")
