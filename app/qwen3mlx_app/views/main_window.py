"""The main window: makes its parts, connects them, and makes them anew in another language."""

from __future__ import annotations

import sys
from functools import partial

import shiboken6
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from ..composition import Program
from ..domain import AppSettings, Conversation, Folder, Notice, Undo
from ..services.store import Hit
from ..services.updates import PAGE as RELEASE_PAGE
from ..session import Session
from .exporting import ask_export_path
from .icons import icon
from .menus import Menus
from .opening import local_files, open_link
from .palette import Palette
from .plain import Menu, agrees, set_title
from .theme import Theme
from .window_body import WindowBody
from .window_keys import WindowKeys
from .window_place import place_of, restore_place

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly
# Pixels.
LEAST_SIZE = (480, 400)


class MainWindow(QMainWindow):
    """Shows a session. `another_wanted`: one more window is. `closed_for_good`: others are there.

    `rebuilt`: all parts were made anew, in another language; the menu bar is to be filled.
    """

    rebuilt = Signal()
    another_wanted = Signal()
    closed_for_good = Signal()

    def __init__(self, program: Program, session: Session, theme: Theme) -> None:
        super().__init__()
        set_title(self, "qwen3mlx")
        self.setWindowIcon(icon("app"))
        self.setAcceptDrops(True)
        self.resize(1120, 760)
        self.setMinimumSize(*LEAST_SIZE)  # else it would widen for what is in it
        self.program = program
        self.session = session
        self.theme = theme
        self._language = program.settings.settings.language
        self._keys: WindowKeys | None = None
        self._build()
        self._connect_program()
        self._restore()

    def _build(self) -> None:
        """Make all parts, with texts in the language of now."""
        program, session, theme = self.program, self.session, self.theme
        self.body = WindowBody(program, session, theme, self)
        self.rail, self.sidebar = self.body.rail, self.body.sidebar
        self.pages, self.notices = self.body.pages, self.body.notices
        self.chat = self.pages.chat
        self.setCentralWidget(self.body)
        self.menus = Menus(self.menuBar(), program, session.chat, self)
        show_chat = partial(self.show_page, "chat")
        self.palette_sheet = Palette(lambda: self.menus.entries(self.open, show_chat), theme, self)
        self._connect()

    def _rebuild(self) -> None:
        """Make all parts anew, in another language; what is open and written stays."""
        page, sidebar_width = self.pages.name, self.body.sidebar_width
        former = [self.palette_sheet, self.menus]
        menus = self.menuBar().findChildren(Menu, options=DIRECT)
        # At once: parts that are deleted later would still follow the conversation.
        body = self.takeCentralWidget()
        assert body is not None
        for part in (*former, *menus, body):
            shiboken6.delete(part)
        self._build()
        self.body.set_sidebar_width(sidebar_width)
        self.chat.show_panel(self.program.settings.settings.panel_shown)
        chat = self.session.chat
        chat.opened.emit(chat.conversation)
        chat.drafts.shown.emit(chat.drafts.current)
        chat.busy_changed.emit(chat.is_busy)
        self.rebuilt.emit()
        self.show_page(page)

    def _follow_language(self, settings: AppSettings) -> None:
        if settings.language != self._language:
            self._language = settings.language
            QTimer.singleShot(0, self, self._rebuild)  # the box that was used is one of the parts

    @property
    def page(self) -> QWidget:
        """The page on screen."""
        return self.pages.current

    def show_page(self, name: str) -> None:
        self.pages.show_page(name)

    def open(self, conversation_id: str) -> None:
        """Show a conversation here, or in the window that has it."""
        owner = self.program.owner(conversation_id)
        if owner in (None, self.session):
            self.session.chat.open(conversation_id)
            self.show_page("chat")
        else:
            self.program.show(conversation_id)

    def new(self) -> None:
        self.session.chat.new()
        self.show_page("chat")

    def new_temporary(self) -> None:
        self.session.chat.new_temporary()
        self.show_page("chat")

    def open_hit(self, hit: Hit) -> None:
        """Open a conversation at the message that was found, with its words marked."""
        self.open(hit.conversation_id)
        owner = self.program.owner(hit.conversation_id)
        if owner is not None:
            owner.hit_wanted.emit(hit)

    def _show_hit(self, hit: Hit) -> None:
        self.show_page("chat")
        if hit.message_id is not None:
            self.session.chat.open_messages.reveal(hit.message_id)
            self.chat.find_bar.open(hit.question, message_id=hit.message_id)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if sys.platform != "darwin" and self._keys is None and handle is not None:
            self._keys = WindowKeys(handle, self.menuBar())

    def come_to_front(self) -> None:
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the window's state; the last one stays, hidden, while there is a menu bar item."""
        if not self._may_leave():
            event.ignore()
            return
        self.save_state()
        event.accept()
        if len(self.program.sessions) > 1 and self.session in self.program.sessions:
            self.closed_for_good.emit()
            self.deleteLater()
            self.program.end_session(self.session)

    def save_state(self) -> None:
        """Save where the window is and what it shows; a temporary chat is left."""
        chat = self.session.chat
        if chat.is_temporary:
            chat.new()
        self.program.settings.update(
            last_conversation_id=chat.conversation.id if chat.conversation else None,
            **place_of(self, self.body),
        )

    def _may_leave(self) -> bool:
        """Ask before an unfinished temporary chat is lost: nothing could bring it back."""
        chat = self.session.chat
        if len(self.program.sessions) > 1 and chat.drafts.is_reading:
            text = self.tr("A file is still being read here. Close the window when that is done.")
            self.session.tell(Notice(text=text))
            return False
        if not (chat.is_temporary and chat.is_unfinished):
            return True
        self.come_to_front()
        self.show_page("chat")
        question = self.tr("This temporary chat is not finished, and it is not saved.")
        return agrees(self, question, self.tr("Discard Chat"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes to the conversation, wherever the focus is, if nothing there takes the key."""
        is_escape = event.key() == Qt.Key.Key_Escape and self.page is self.chat
        if not (is_escape and self.chat.escape()):
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            _accept(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add folders as models, and attach files to the next question."""
        _accept(event)
        paths = local_files(event.mimeData())
        folders = [path for path in paths if path.is_dir()]
        files = [path for path in paths if path not in folders]
        for folder in folders:
            self.program.models.add_folder(str(folder))
        self.show_page("models" if folders else "chat")
        if files:
            self.session.chat.attach(files)

    def _connect(self) -> None:
        program, conversations = self.program, self.program.conversations
        self.sidebar.opened.connect(self.open)
        self.sidebar.hit_opened.connect(self.open_hit)
        self.sidebar.new_wanted.connect(self.new)
        self.sidebar.temporary_wanted.connect(lambda: self.show_page("chat"))
        self.sidebar.searched.connect(self.session.search.look_for)
        chats = self.sidebar.list
        chats.renamed.connect(conversations.rename)
        chats.pinned.connect(conversations.set_pinned)
        chats.moved.connect(conversations.move)
        chats.deleted.connect(conversations.delete)
        chats.exported.connect(self.export)
        chats.folder_wanted.connect(conversations.add_folder)
        chats.folder_renamed.connect(conversations.rename_folder)
        chats.folder_deleted.connect(conversations.delete_folder)
        self.chat.models_wanted.connect(lambda: self.show_page("models"))
        self.chat.tools_wanted.connect(lambda: self.show_page("tools"))
        self.chat.panel_toggled.connect(
            lambda is_shown: program.settings.update(panel_shown=is_shown)
        )
        self.notices.action_wanted.connect(self._act)

    def _connect_program(self) -> None:
        """Connect the window itself, which stays when its parts are made anew."""
        program = self.program
        self.session.chat.opened.connect(self._on_opened)
        self.session.chat.changed.connect(self._show_title)
        self.session.hit_wanted.connect(self._show_hit)
        program.front_wanted.connect(self._on_front_wanted)
        program.conversations.folder_added.connect(self._on_folder_added)
        program.backups.busy_changed.connect(self.setDisabled)
        program.settings.changed.connect(self._follow_language)

    def _restore(self) -> None:
        settings = self.program.settings.settings
        restore_place(self, self.body, settings)
        self.program.sections.set_folded(settings.folded)
        self.chat.show_panel(settings.panel_shown)
        self.body.arrange()

    def restore_last(self) -> None:
        """Show what was open when the program ended, and tell what happened since."""
        last = self.program.settings.settings.last_conversation_id
        if last is not None and self.program.conversations.conversations.find(last):
            self.session.chat.open(last)
        else:
            self.session.chat.new()
        if self.program.greeting is not None:
            self.session.notices.add(self.program.greeting)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._be_front()

    def _be_front(self) -> None:
        if self.session in self.program.sessions:
            self.program.front = self.session

    def _on_folder_added(self, folder: Folder) -> None:
        if self.program.front is self.session:
            self.sidebar.name_folder(folder)

    def _on_front_wanted(self, session: Session) -> None:
        if session is self.session:
            self._be_front()
            self.come_to_front()
            self.show_page("chat")

    def _on_opened(self, conversation: Conversation | None) -> None:
        is_temporary = self.session.chat.is_temporary
        self.sidebar.select(conversation, is_temporary=is_temporary)
        self._show_title(conversation)

    def _show_title(self, conversation: Conversation | None) -> None:
        title = conversation.title if conversation else ""
        if self.session.chat.is_temporary:  # the system shows and keeps titles of windows
            title = self.tr("Temporary Chat")
        set_title(self, title or "qwen3mlx")

    def export(self, conversation_ids: list[str]) -> None:
        known = self.program.conversations.conversations
        found = [one for one in map(known.find, conversation_ids) if one is not None]
        path = ask_export_path(self, found)
        if path is not None:
            self.program.conversations.export_to(conversation_ids, path)

    def _act(self, action: str | Undo) -> None:
        if isinstance(action, Undo):
            self.session.undo.undo(action)
        elif action == "start_server":
            self.program.server.start()
        elif action == "restart_server":
            self.program.server.restart()
        elif action == "show_release":
            open_link(RELEASE_PAGE)


def _accept(event: QDropEvent) -> None:
    """Accept a drop as a copy: the source must stay, also if the other side offers a move."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
