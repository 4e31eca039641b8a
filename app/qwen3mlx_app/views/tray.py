"""The menu bar item: the state of server and models, and the way back to the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon
from PySide6.QtWidgets import QSystemTrayIcon

from ..controllers.models import ModelsController
from ..controllers.server import ServerController
from ..controllers.settings import SettingsController
from ..domain import AppSettings, ModelEntry, ServerState
from .following import follow
from .icons import icon
from .plain import Menu, notify

# Milliseconds that a notification stays, if the system allows it.
STAYS = 8000


class TrayMenu(Menu):
    """The menu, filled whenever it opens."""

    show_wanted = Signal()
    new_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, models: ModelsController, server: ServerController) -> None:
        super().__init__()
        self._models = models
        self._server = server
        self._load = Menu(self, self.tr("Load"))
        self._unload = Menu(self, self.tr("Unload"))
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        self.clear()
        self._said(self.server_line(self._server.state))
        for entry in self._models.models.values():
            if entry.state != "not-loaded":
                self._said(self.model_line(entry))
        self.addSeparator()
        self.add(self.tr("Show Window"), self.show_wanted.emit)
        self.add(self.tr("New Conversation"), self.new_wanted.emit)
        self.addSeparator()
        self._add_models()
        if self._server.state.phase in ("ready", "starting"):
            self.add(self.tr("Stop Server"), self._server.stop)
        else:
            self.add(self.tr("Start Server"), self._server.start)
        self.addSeparator()
        self.add(self.tr("Quit qwen3mlx"), self.quit_wanted.emit)

    def server_line(self, state: ServerState) -> str:
        return {
            "stopped": self.tr("The server is off"),
            "starting": self.tr("The server is starting"),
            "ready": self.tr("The server is running at {url}").format(url=state.url),
            "failed": self.tr("The server failed"),
            "stopping": self.tr("The server is stopping"),
        }[state.phase]

    def model_line(self, entry: ModelEntry) -> str:
        if entry.state == "loading":
            percent = round(100 * (entry.load_progress or 0))
            return self.tr("{name}: loading {percent}%").format(name=entry.name, percent=percent)
        return self.tr("{name}: loaded").format(name=entry.name)

    def _said(self, text: str) -> QAction:
        action = self.add(text)
        action.setEnabled(False)
        return action

    def _add_models(self) -> None:
        is_ready = self._server.state.phase == "ready"
        for menu in (self._load, self._unload):
            menu.clear()
            self.addMenu(menu)
        for entry in self._models.models.values():
            if entry.state == "not-loaded":
                self._load.add(entry.name, partial(self._models.load, entry.id))
            else:
                self._unload.add(entry.name, partial(self._models.unload, entry.id))
        for menu in (self._load, self._unload):
            menu.setEnabled(is_ready and not menu.isEmpty())


class Tray(QObject):
    """Visible while it is wanted, if the system has a place for it; else the program ends with
    its last window.

    Emits `opened(conversation id or None)` when a notification is clicked.
    """

    opened = Signal(object)

    def __init__(self, menu: TrayMenu, settings: SettingsController, parent: QObject) -> None:
        super().__init__(parent)
        self.menu = menu
        self._item = QSystemTrayIcon(_template(), self)
        self._item.setContextMenu(menu)
        self._item.setToolTip("qwen3mlx")
        self._item.messageClicked.connect(lambda: self.opened.emit(self._notified_conversation))
        self._notified_conversation: str | None = None
        self._show(settings.settings)
        follow(self, self._show, settings.changed)

    @property
    def is_seen(self) -> bool:
        return self._item.isVisible()

    def notify(self, title: str, text: str, conversation_id: str | None = None) -> None:
        """Show a notification, if the item is visible."""
        self._notified_conversation = conversation_id
        if self.is_seen:
            notify(self._item, title, text or title, _template(), STAYS)

    def _show(self, settings: AppSettings) -> None:
        self._item.setVisible(settings.show_tray and QSystemTrayIcon.isSystemTrayAvailable())
        QGuiApplication.setQuitOnLastWindowClosed(not self.is_seen)


def _template() -> QIcon:
    """An icon that macOS colours like its menu bar."""
    drawn = icon("chat", "text")
    drawn.setIsMask(True)
    return drawn
