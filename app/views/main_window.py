"""The window: sidebar, pages, menu, and what is said above them."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..composition import Program
from ..domain import Conversation, Notice
from .chat_page import ChatPage
from .models_page import ModelsPage
from .notice_bar import NoticeBar
from .rail import Rail
from .server_page import ServerPage
from .settings_page import SettingsPage
from .sidebar import Sidebar
from .theme import Theme


def make_window(program: Program) -> MainWindow:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme = Theme(program.settings.settings, application)
    # Seconds. The window must not wait for the threads that read files and colour code.
    sys.setswitchinterval(0.0005)
    return MainWindow(program, theme)


class MainWindow(QMainWindow):
    """`show_page` turns to one of chat, models, server, settings."""

    def __init__(self, program: Program, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("qwen3mlx")
        self.resize(1120, 760)
        self._program = program
        theme.setParent(self)
        self._state = QSettings(str(program.profile / "window.ini"), QSettings.Format.IniFormat)
        conversations = program.conversations
        self.sidebar = Sidebar(
            program.sections, conversations.hits, conversations.folders, theme, self
        )
        self.chat = ChatPage(
            program.chat, conversations, program.models, program.settings, theme, self
        )
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.chat)
        self._late: dict[str, QWidget] = {}
        self.notices = NoticeBar(self)
        self.rail = Rail(self)
        self._splitter = QSplitter(self)
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(self._right())
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setSizes([250, 800])
        self._splitter.setHandleWidth(1)
        self.setCentralWidget(self._body())
        self._make_menu()
        self._connect(theme)
        self._restore()

    def show_page(self, name: str) -> None:
        """Pages are made when they are first seen."""
        if name == "chat":
            page: QWidget = self.chat
        else:
            if name not in self._late:
                self._late[name] = self._make_page(name)
                self._pages.addWidget(self._late[name])
            page = self._late[name]
        self._pages.setCurrentWidget(page)
        self.sidebar.setVisible(name == "chat")
        self.rail.show_page(name)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._state.setValue("geometry", self.saveGeometry())
        self._state.setValue("splitter", self._splitter.saveState())
        self._state.setValue("panel", str(self.chat.panel.isVisibleTo(self)).lower())
        shown = self._program.chat.conversation
        self._program.settings.update(last_conversation_id=shown.id if shown else None)
        event.accept()

    def _make_page(self, name: str) -> QWidget:
        program = self._program
        if name == "models":
            page = ModelsPage(program.models, self)
            program.models.refresh_folders()
            return page
        if name == "server":
            return ServerPage(program.server, lambda: program.chat.model_id, self)
        return SettingsPage(program.settings, self)

    def _body(self) -> QWidget:
        body, rule = QWidget(self), QFrame(self)
        rule.setObjectName("rule")
        rule.setFixedWidth(1)
        layout = QHBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addWidget(rule)
        layout.addWidget(self._splitter, 1)
        return body

    def _right(self) -> QWidget:
        panel = QWidget(self)
        panel.setObjectName("page")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notices)
        layout.addWidget(self._pages, 1)
        return panel

    def _make_menu(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu(self.tr("File"))
        self._action(file.addAction(self.tr("New Conversation")), "Ctrl+N", self._new)
        self._action(file.addAction(self.tr("Import…")), "", self._import)
        self._action(file.addAction(self.tr("Export…")), "Ctrl+Shift+E", self._export_shown)
        file.addSeparator()
        self._action(file.addAction(self.tr("Close Window")), "Ctrl+W", self.close)
        edit = bar.addMenu(self.tr("Edit"))
        self._action(edit.addAction(self.tr("Find")), "Ctrl+F", self._find)
        self._action(edit.addAction(self.tr("Write")), "Ctrl+L", self._write)
        undo = self._program.conversations.undo_delete
        self._action(edit.addAction(self.tr("Undo Delete")), "Ctrl+Shift+Z", undo)
        chat = bar.addMenu(self.tr("Conversation"))
        self._action(chat.addAction(self.tr("Rename")), "F2", self.sidebar.list.rename_current)
        settings = chat.addAction(self.tr("Settings of the Conversation"))
        self._action(settings, "Ctrl+I", self.chat.toggle_panel)
        self._action(chat.addAction(self.tr("Stop")), "Ctrl+.", self._program.chat.stop)
        view = bar.addMenu(self.tr("View"))
        for number, (name, title) in enumerate(self.rail.titles.items(), start=1):
            shortcut = "Ctrl+," if name == "settings" else f"Ctrl+{number}"
            action = view.addAction(title)
            self._action(action, shortcut, lambda name=name: self.show_page(name))

    def _action(self, action: QAction, shortcut: str, do: object) -> None:
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda *_: do())  # type: ignore[operator]

    def _connect(self, theme: Theme) -> None:
        program, sidebar = self._program, self.sidebar
        conversations = program.conversations
        self.rail.wanted.connect(self.show_page)
        sidebar.opened.connect(self._open)
        sidebar.new_wanted.connect(self._new)
        sidebar.searched.connect(conversations.search)
        chats = sidebar.list
        chats.renamed.connect(conversations.rename)
        chats.pinned.connect(conversations.set_pinned)
        chats.moved.connect(conversations.move)
        chats.deleted.connect(conversations.delete)
        chats.exported.connect(self._export)
        chats.folder_added.connect(conversations.add_folder)
        chats.folder_renamed.connect(conversations.rename_folder)
        chats.folder_deleted.connect(conversations.delete_folder)
        program.sections.folded_changed.connect(lambda keys: self._state.setValue("folded", keys))
        program.chat.opened.connect(self._opened)
        program.chat.changed.connect(self._show_title)
        program.chat.saved.connect(lambda _: sidebar.select(program.chat.conversation))
        self.notices.action_wanted.connect(self._act)
        program.settings.changed.connect(theme.use)
        for controller in (
            program.chat,
            program.conversations,
            program.models,
            program.server,
            program.settings,
        ):
            controller.notice.connect(self.notices.show_notice)
        program.chat.attachment_refused.connect(self._refused)

    def _restore(self) -> None:
        geometry, splitter = self._state.value("geometry"), self._state.value("splitter")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(splitter, QByteArray):
            self._splitter.restoreState(splitter)
        folded = self._state.value("folded") or []
        self._program.sections.set_folded([folded] if isinstance(folded, str) else folded)
        self.chat.show_panel(self._state.value("panel") == "true")
        last = self._program.settings.settings.last_conversation_id
        if last is not None and self._program.conversations.conversations.find(last):
            self._program.chat.open(last)
        else:
            self._program.chat.new()
        if self._program.greeting is not None:
            self.notices.show_notice(self._program.greeting)

    def _open(self, conversation_id: str) -> None:
        self.show_page("chat")
        self._program.chat.open(conversation_id)

    def _opened(self, conversation: Conversation | None) -> None:
        self.sidebar.select(conversation)
        self._show_title(conversation)

    def _show_title(self, conversation: Conversation | None) -> None:
        title = conversation.title if conversation else ""
        self.setWindowTitle(title or "qwen3mlx")

    def _new(self) -> None:
        self.show_page("chat")
        self._program.chat.new()

    def _find(self) -> None:
        self.show_page("chat")
        self.sidebar.search.setFocus()
        self.sidebar.search.selectAll()

    def _write(self) -> None:
        self.show_page("chat")
        self.chat.composer.text.setFocus()

    def _import(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Import conversations"), "", self.tr("Exports (*.json *.zip)")
        )
        if names:
            self._program.conversations.import_files([Path(name) for name in names])

    def _export_shown(self) -> None:
        shown = self._program.chat.conversation
        if shown is not None:
            self._export(shown.id)

    def _export(self, conversation_id: str) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export"), "", self.tr("Markdown (*.md);;JSON (*.json)")
        )
        if name:
            self._program.conversations.export_to([conversation_id], Path(name))

    def _act(self, action: str) -> None:
        if action == "undo_delete":
            self._program.conversations.undo_delete()
        elif action == "start_server":
            self._program.server.start()

    def _refused(self, sentence: str) -> None:
        self.notices.show_notice(Notice(text=sentence, kind="warning"))
