"""The windows of the program, and what they share: the theme, the menu bar item, notifications."""

from __future__ import annotations

import sys
from functools import partial

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ..composition import Program
from ..controllers.notifier import Notifier
from ..domain import AppSettings
from ..services.language import use_language
from .file_dialogs import keep_folder_in
from .link_opening import open_link
from .main_window import MainWindow
from .rich_text import clean_copied
from .theme import Theme
from .tray import Tray, TrayMenu
from .window_menus import fill_menus

# Pixels from a window to the next.
OFFSET = 28


class Windows(QObject):
    """One window for each session. It is a child of one of them, and goes with the last."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        # Seconds. Threads that read files and highlight code must not block the windows.
        sys.setswitchinterval(0.0005)
        self._program = program
        keep_folder_in(program.settings)
        self._windows: list[MainWindow] = []
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.theme = Theme(program.settings.settings, application, program.command)
        self.theme.setParent(self)
        self._language = program.settings.settings.language
        self.notifier = Notifier(
            program.answers,
            program.models.models,
            is_temporary=program.stores.is_temporary,
            is_wanted=lambda: program.settings.settings.notify,
            is_watched=lambda: QApplication.activeWindow() is not None,
            parent=self,
        )
        self.notifier.wanted.connect(self._notify)
        program.downloads.notice.connect(self.notifier.tell)
        self._make_tray()
        program.settings.changed.connect(self.theme.use)
        program.settings.changed.connect(self._follow_language)
        program.sections.folded_changed.connect(
            lambda keys: program.settings.update(folded=tuple(keys))
        )
        QGuiApplication.clipboard().dataChanged.connect(clean_copied)
        application.applicationStateChanged.connect(self._on_activated)

    @property
    def front(self) -> MainWindow:
        """The window that was active last."""
        session = self._program.front
        return next(one for one in self._windows if one.session is session)

    def add_first(self) -> MainWindow:
        """The window in its former place, with the conversation that was open last."""
        window = self._add()
        self.setParent(window)
        window.restore_last()
        return window

    def add(self) -> None:
        """One more window, beside the one in front, with a new conversation."""
        before = self.front
        self._program.add_session()
        window = self._add()
        window.session.chat.new()
        window.resize(before.size())
        window.move(before.x() + OFFSET, before.y() + OFFSET)
        window.show()
        window.come_to_front()

    def come_to_front(self) -> None:
        self.front.come_to_front()

    def open_link(self, link: str) -> None:
        """Come to the front and open a link to the app; an empty one is none.

        It waits for a server that is starting: until then, no models are known.
        """
        self.front.come_to_front()
        program = self._program
        if link and program.server.state.phase == "starting":
            open_then = partial(self.open_link, link)
            program.models.refreshed.connect(open_then, Qt.ConnectionType.SingleShotConnection)
        elif link:
            open_link(self.front, link)

    def close(self) -> None:
        """The program ends: closing takes a moment, and nothing must be painted meanwhile."""
        for window in reversed(self._windows):  # the first one has this, too
            window.save_state()
            shiboken6.delete(window)

    def _add(self) -> MainWindow:
        window = MainWindow(self._program, self._program.front, self.theme)
        window.another_wanted.connect(self.add)
        window.rebuilt.connect(partial(fill_menus, window))
        window.closed_for_good.connect(partial(self._forget, window))
        self._windows.append(window)
        fill_menus(window)
        return window

    def _forget(self, window: MainWindow) -> None:
        self._windows.remove(window)
        self.setParent(self._windows[0])

    def _make_tray(self) -> None:
        program = self._program
        self.tray = Tray(TrayMenu(program.models, program.server), program.settings, self)
        menu = self.tray.menu
        menu.show_wanted.connect(self.come_to_front)
        menu.new_wanted.connect(self._new)
        menu.quit_wanted.connect(QApplication.quit)
        self.tray.opened.connect(self._open_notified)

    def _follow_language(self, settings: AppSettings) -> None:
        if settings.language != self._language:
            self._language = settings.language
            use_language(settings.language)
            QTimer.singleShot(0, self, self._rebuild)

    def _rebuild(self) -> None:
        former = self.tray
        for part in (former, former.menu):  # at once: later, they would still follow the server
            shiboken6.delete(part)
        self._make_tray()

    def _new(self) -> None:
        self.front.come_to_front()
        self.front.new()

    def _notify(self, title: str, text: str, conversation_id: str | None) -> None:
        self.tray.notify(title, text, conversation_id)
        QApplication.alert(self.front)

    def _open_notified(self, conversation_id: str | None) -> None:
        self.front.come_to_front()
        if conversation_id is not None:
            self.front.open(conversation_id)

    def _on_activated(self, state: Qt.ApplicationState) -> None:
        """Bring a closed window back when its Dock icon is clicked."""
        is_hidden = all(window.isHidden() for window in self._windows)
        if state == Qt.ApplicationState.ApplicationActive and is_hidden and self.tray.is_seen:
            self.front.show()
