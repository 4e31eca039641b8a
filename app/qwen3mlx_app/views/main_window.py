"""The main window: pages, notices, drops and the connections between them."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path

import shiboken6
from PySide6.QtCore import QMimeData, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
)
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
from ..controllers.notifier import Notifier
from ..domain import AppSettings, Conversation, Undo
from ..services.language import use_language
from ..services.store import Hit
from .chat_page import ChatPage
from .exporting import ask_export_path
from .following import follow
from .icons import icon
from .menus import Menus
from .models import ModelsPage
from .notice_bar import NoticeBar
from .opening import documents
from .palette import Palette
from .plain import Menu, set_title, tell
from .quantize import QuantizePage
from .rail import Rail
from .rich_text import clean_copied
from .server import ServerPage
from .settings_page import SettingsPage
from .sidebar import Sidebar
from .theme import Theme
from .tray import Tray, TrayMenu

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
# The least size, and the width below which there is no room for the sidebar, in pixels.
LEAST, NARROW = (480, 400), 700


class MainWindow(QMainWindow):
    """The pages are chat, models, quantize, server and settings. Emits `page_shown(name)`.

    `rebuilt`: all parts were made anew, in another language, and the menu bar is to be filled.
    """

    page_shown = Signal(str)
    rebuilt = Signal()

    def __init__(self, program: Program, theme: Theme) -> None:
        super().__init__()
        set_title(self, "qwen3mlx")
        self.setWindowIcon(icon("app"))
        self.setAcceptDrops(True)
        self.resize(1120, 760)
        self.setMinimumSize(*LEAST)  # else it would widen for what is in it
        self._peeks = False
        self.program = program
        self.theme = theme
        theme.setParent(self)
        self._language = program.settings.settings.language
        self._build()
        self._connect_program()
        self._restore()

    def _build(self) -> None:
        """Make all parts, with texts in the language of now."""
        program, theme, conversations = self.program, self.theme, self.program.conversations
        self.rail = Rail(self)  # first, as the eye and Tab go
        self.sidebar = Sidebar(
            program.sections, conversations.hits, conversations.folders, theme, self
        )
        self.chat = ChatPage(
            program.chat,
            conversations,
            program.models,
            program.settings,
            program.context,
            theme,
            self,
        )
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.chat)
        self._late: dict[str, QWidget] = {}
        self.page_name = "chat"
        self._splitter = QSplitter(self)
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(self._right())
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setSizes([250, 800])
        self._splitter.setHandleWidth(1)
        self.setCentralWidget(self._body())
        self.menus = Menus(self.menuBar(), program, self)
        show_chat = partial(self.show_page, "chat")
        self.palette_sheet = Palette(lambda: self.menus.entries(self.open, show_chat), theme, self)
        self.tray = Tray(TrayMenu(program.models, program.server), self)
        self.notifier = Notifier(
            program.chat,
            program.models.models,
            is_wanted=lambda: program.settings.settings.notify,
            is_watched=lambda: QApplication.activeWindow() is not None,
            parent=self,
        )
        self._connect()

    def _rebuild(self) -> None:
        """Make all parts anew, in another language; what is open and written stays."""
        page, sizes = self.page_name, self._splitter.sizes()
        former = [self.palette_sheet, self.menus, self.tray, self.tray.menu, self.notifier]
        menus = self.menuBar().findChildren(Menu, options=DIRECT)
        # At once: parts that are deleted later would still follow the conversation.
        body = self.takeCentralWidget()
        assert body is not None
        for part in (*former, *menus, body):
            shiboken6.delete(part)
        self._build()
        self._splitter.setSizes(sizes)
        self.chat.show_panel(self.program.settings.settings.panel_shown)
        self._show_tray()
        self.program.chat.opened.emit(self.program.chat.conversation)
        self.program.chat.drafts.shown.emit(self.program.chat.drafts.current)
        self.program.chat.busy_changed.emit(self.program.chat.is_busy)
        self.rebuilt.emit()
        self.show_page(page)

    def _follow_language(self, settings: AppSettings) -> None:
        if settings.language != self._language:
            self._language = settings.language
            use_language(settings.language)
            QTimer.singleShot(0, self, self._rebuild)  # the box that was used is one of the parts

    @property
    def page(self) -> QWidget:
        """The page on screen."""
        page = self._pages.currentWidget()
        assert page is not None
        return page

    def show_page(self, name: str) -> None:
        """Show a page, made when it is first seen."""
        if name == "chat":
            page: QWidget = self.chat
        else:
            if name not in self._late:
                self._late[name] = self._make_page(name)
                self._pages.addWidget(self._late[name])
            page = self._late[name]
        is_another = name != self.page_name
        self._pages.setCurrentWidget(page)
        self.page_name = name
        self._peeks = False
        self._show_sidebar()
        self.rail.show_page(name)
        self.page_shown.emit(name)
        if is_another:
            self._focus_page()

    def _focus_page(self) -> None:
        """Put the focus where work goes on: the message field, or the page's first control."""
        if self.page is self.chat:
            self.chat.composer.text.setFocus()
            return
        widget: QWidget | None = self.page.nextInFocusChain()
        while widget is not None and self.page.isAncestorOf(widget):
            takes_focus = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if takes_focus and widget.isEnabled() and widget.isVisibleTo(self.page):
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return
            widget = widget.nextInFocusChain()

    def open(self, conversation_id: str) -> None:
        self.program.chat.open(conversation_id)
        self.show_page("chat")

    def new(self) -> None:
        self.program.chat.new()
        self.show_page("chat")

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar; from another page, show it."""
        is_shown = self.page_name == "chat" and self._wants_sidebar
        self._set_sidebar(not is_shown)

    def show_sidebar(self) -> None:
        self._set_sidebar(True)

    def _set_sidebar(self, is_wanted: bool) -> None:
        """A narrow window has the sidebar in place of the page, until that is wanted again."""
        if not self._is_narrow:
            self.program.settings.update(sidebar_shown=is_wanted)
        self.show_page("chat")
        self._peeks = self._is_narrow and is_wanted
        self._show_sidebar()

    def open_hit(self, hit: Hit) -> None:
        """Open a conversation at the message that was found, with its words marked."""
        self.open(hit.conversation_id)
        if hit.message_id is not None:
            self.program.chat.reveal(hit.message_id)
            self.chat.find_bar.open(hit.question, message_id=hit.message_id)

    def find_here(self) -> None:
        """Find in the conversation on screen."""
        self.show_page("chat")
        self.chat.find_bar.open()

    def search(self) -> None:
        self.show_sidebar()
        self.sidebar.search.setFocus()
        self.sidebar.search.selectAll()

    def add_folder(self) -> None:
        self.show_sidebar()
        self.sidebar.list.add_folder()

    def rename(self) -> None:
        """Rename the conversation or folder that is selected in the sidebar."""
        self.show_sidebar()
        self.sidebar.show_list()
        self.sidebar.list.rename_current()

    def toggle_panel(self) -> None:
        """Show or hide the conversation's settings."""
        if self.page is self.chat:
            self.chat.toggle_panel()
        else:
            self.show_page("chat")
            self.chat.show_panel(True)

    def pick_model(self) -> None:
        self.show_page("chat")
        self.chat.picker.open()

    def write(self) -> None:
        self.show_page("chat")
        self.chat.composer.text.setFocus()

    def come_to_front(self) -> None:
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def import_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Import Conversations"),
            documents(),
            self.tr("Exported Conversations (*.json *.zip)"),
        )
        if names:
            self.program.conversations.import_files([Path(name) for name in names])

    def export_shown(self) -> None:
        shown = self.program.chat.conversation
        if shown is not None:
            self.export([shown.id])

    def show_about(self) -> None:
        text = self.tr("Qwen3 on your own computer. Version {version}.").format(
            version=version("qwen3mlx")
        )
        tell(self, "qwen3mlx", text)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the window's state; with its menu bar item, the program keeps running."""
        shown, place = self.program.chat.conversation, self.normalGeometry()
        settings = self.program.settings.settings
        self.program.settings.update(
            last_conversation_id=shown.id if shown else None,
            place=(place.x(), place.y(), place.width(), place.height()),
            is_maximized=self.isMaximized(),
            sidebar_width=self._splitter.sizes()[0] or settings.sidebar_width,
        )
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Stop the answer with Esc, wherever the focus is, if nothing there takes the key."""
        chat = self.program.chat
        if event.key() == Qt.Key.Key_Escape and self.page is self.chat and chat.is_busy:
            chat.stop()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_sidebar()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event.mimeData()):
            _accept(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add folders as models, and attach files to the next question."""
        _accept(event)
        paths = _paths(event.mimeData())
        folders = [path for path in paths if path.is_dir()]
        files = [path for path in paths if path not in folders]
        for folder in folders:
            self.program.models.add_folder(str(folder))
        self.show_page("models" if folders else "chat")
        if files:
            self.program.chat.attach(files)

    def _make_page(self, name: str) -> QWidget:
        program = self.program
        if name == "models":
            page = ModelsPage(program.models, self.theme, self)
            program.models.refresh_folders()
            return page
        if name == "quantize":
            made = QuantizePage(program.quantize, program.models, self.theme, self)
            made.load_wanted.connect(self._load_result)
            return made
        if name == "server":
            return ServerPage(program.server, lambda: program.chat.model_id, self.theme, self)
        return SettingsPage(
            program.settings,
            program.server,
            program.models.limits,
            program.profile,
            self.theme,
            self,
        )

    def _load_result(self, folder: str) -> None:
        entries = self.program.models.models.values()
        entry = next((one for one in entries if Path(one.path) == Path(folder)), None)
        if entry is not None:
            self.program.models.load(entry.id)
            self.program.chat.set_model(entry.id)
            self.show_page("chat")

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
        panel = self._area = QWidget(self)
        panel.setObjectName("page")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages)
        self.notices = NoticeBar(self.program.notices, panel)
        return panel

    def _connect(self) -> None:
        program, conversations = self.program, self.program.conversations
        self.rail.wanted.connect(self.show_page)
        self.sidebar.opened.connect(self.open)
        self.sidebar.hit_opened.connect(self.open_hit)
        self.sidebar.new_wanted.connect(self.new)
        self.sidebar.searched.connect(conversations.search)
        chats = self.sidebar.list
        chats.renamed.connect(conversations.rename)
        chats.pinned.connect(conversations.set_pinned)
        chats.moved.connect(conversations.move)
        chats.deleted.connect(conversations.delete)
        chats.exported.connect(self.export)
        chats.folder_wanted.connect(conversations.add_folder)
        conversations.folder_added.connect(self.sidebar.name_folder)
        chats.folder_renamed.connect(conversations.rename_folder)
        chats.folder_deleted.connect(conversations.delete_folder)
        for wanted in (self.chat.first_run.models_wanted, self.chat.picker.models_wanted):
            wanted.connect(lambda: self.show_page("models"))
        self.chat.sidebar_wanted.connect(self.toggle_sidebar)
        self.chat.panel_toggled.connect(
            lambda is_shown: program.settings.update(panel_shown=is_shown)
        )
        self.notices.action_wanted.connect(self._act)
        self._connect_tray()

    def _connect_program(self) -> None:
        """Connect the window itself, which stays when its parts are made anew."""
        program = self.program
        program.sections.folded_changed.connect(
            lambda keys: program.settings.update(folded=tuple(keys))
        )
        program.chat.opened.connect(self._on_opened)
        program.chat.changed.connect(self._show_title)
        program.settings.changed.connect(self.theme.use)
        program.settings.changed.connect(self._follow_language)
        follow(self, lambda _: self._show_tray(), program.settings.changed)
        QGuiApplication.clipboard().dataChanged.connect(clean_copied)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.applicationStateChanged.connect(self._on_activated)

    def _connect_tray(self) -> None:
        menu = self.tray.menu
        menu.show_wanted.connect(self.come_to_front)
        menu.new_wanted.connect(self.come_to_front)
        menu.new_wanted.connect(self.new)
        menu.quit_wanted.connect(QApplication.quit)
        self.tray.opened.connect(self._open_notified)
        self.notifier.wanted.connect(self.tray.notify)
        self.notifier.wanted.connect(lambda *_: QApplication.alert(self))

    def _restore(self) -> None:
        settings = self.program.settings.settings
        if settings.place is not None:
            self._put(QRect(*settings.place))
        if settings.is_maximized:
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)
        if settings.sidebar_width is not None:
            width = min(settings.sidebar_width, self.width() // 2)
            self._splitter.setSizes([width, self.width() - width])
        self.program.sections.set_folded(settings.folded)
        self.chat.show_panel(settings.panel_shown)
        self._show_sidebar()
        self._show_tray()
        last = self.program.settings.settings.last_conversation_id
        if last is not None and self.program.conversations.conversations.find(last):
            self.program.chat.open(last)
        else:
            self.program.chat.new()
        if self.program.greeting is not None:
            self.program.notices.add(self.program.greeting)

    def _put(self, place: QRect) -> None:
        """Move the window to its former place, if there is a screen there."""
        screen = QGuiApplication.screenAt(place.center())
        if screen is None:
            return
        room = screen.availableGeometry()
        place.setSize(place.size().expandedTo(self.minimumSizeHint()).boundedTo(room.size()))
        place.moveLeft(max(room.left(), min(place.left(), room.right() + 1 - place.width())))
        place.moveTop(max(room.top(), min(place.top(), room.bottom() + 1 - place.height())))
        self.setGeometry(place)

    @property
    def _is_narrow(self) -> bool:
        return self.width() < NARROW

    @property
    def _wants_sidebar(self) -> bool:
        return self._peeks if self._is_narrow else self.program.settings.settings.sidebar_shown

    def _show_sidebar(self) -> None:
        is_shown = self.page_name == "chat" and self._wants_sidebar
        self.sidebar.setVisible(is_shown)
        self._area.setVisible(not (is_shown and self._is_narrow))

    def _show_tray(self) -> None:
        self.tray.set_wanted(self.program.settings.settings.show_tray)
        QGuiApplication.setQuitOnLastWindowClosed(not self.tray.is_seen)

    def _on_activated(self, state: Qt.ApplicationState) -> None:
        """Bring a closed window back when its Dock icon is clicked."""
        if state == Qt.ApplicationState.ApplicationActive and self.isHidden() and self.tray.is_seen:
            self.show()

    def _open_notified(self, conversation_id: str | None) -> None:
        self.come_to_front()
        if conversation_id is not None:
            self.open(conversation_id)

    def _on_opened(self, conversation: Conversation | None) -> None:
        self.sidebar.select(conversation)
        self._show_title(conversation)

    def _show_title(self, conversation: Conversation | None) -> None:
        title = conversation.title if conversation else ""
        set_title(self, title or "qwen3mlx")

    def export(self, conversation_ids: list[str]) -> None:
        known = self.program.conversations.conversations
        found = [one for one in map(known.find, conversation_ids) if one is not None]
        path = ask_export_path(self, found)
        if path is not None:
            self.program.conversations.export_to(conversation_ids, path)

    def _act(self, action: str | Undo) -> None:
        if callable(action):
            self.program.undo.undo(action)
        elif action == "start_server":
            self.program.server.start()
        elif action == "restart_server":
            self.program.server.restart()


def _accept(event: QDropEvent) -> None:
    """Accept a drop as a copy: the source must stay, also if the other side offers a move."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def _paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
