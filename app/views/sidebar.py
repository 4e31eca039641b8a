"""The conversations, and what is looked for in them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..domain import Conversation, Folder
from ..models import ListModel
from ..services.store import Hit
from .theme import GAP, GAP_L


class Sidebar(QWidget):
    """Says what is wanted; `select` shows which conversation is open."""

    opened = Signal(str)
    new_wanted = Signal()
    searched = Signal(str)
    renamed = Signal(str, str)
    pinned = Signal(str, bool)
    moved = Signal(str, object)
    deleted = Signal(str)
    exported = Signal(str)

    def __init__(
        self,
        conversations: ListModel[Conversation],
        hits: ListModel[Hit],
        folders: ListModel[Folder],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._conversations = conversations
        self._hits = hits
        self._folders = folders
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP_L, GAP, GAP)
        layout.setSpacing(GAP)
        head = QHBoxLayout()
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search all conversations"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        new = QPushButton(self.tr("New"), self)
        new.setAccessibleName(self.tr("New conversation"))
        new.clicked.connect(self.new_wanted)
        head.addWidget(self.search)
        head.addWidget(new)
        layout.addLayout(head)
        self._list = self._view(conversations, self.tr("Conversations"))
        self._found = self._view(hits, self.tr("Found"))
        nothing = QLabel(self.tr("Nothing found."), self)
        nothing.setObjectName("muted")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget(self)
        for widget in (self._list, self._found, nothing):
            self._stack.addWidget(widget)
        layout.addWidget(self._stack)
        hits.modelReset.connect(self._show_found)

    def select(self, conversation: Conversation | None) -> None:
        row = self._conversations.row_of(conversation.id) if conversation else -1
        self._list.setCurrentIndex(self._conversations.index(row))

    def rename_current(self) -> None:
        """In place, in the list."""
        index = self._list.currentIndex()
        if index.isValid():
            self._ask_name(self._conversations.value(index.row()))

    def _view(self, model: ListModel[Conversation] | ListModel[Hit], name: str) -> QListView:
        view = QListView(self)
        view.setModel(model)
        view.setAccessibleName(name)
        view.setUniformItemSizes(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(lambda place: self._show_menu(view, place))
        view.clicked.connect(lambda index: self._open(model, index))
        view.activated.connect(lambda index: self._open(model, index))
        return view

    def _open(self, model: ListModel[Conversation] | ListModel[Hit], index: QModelIndex) -> None:
        value = model.value(index.row())
        self.opened.emit(value.id if isinstance(value, Conversation) else value.conversation_id)

    def _search(self, text: str) -> None:
        self.searched.emit(text)
        if not text.strip():
            self._stack.setCurrentIndex(0)

    def _show_found(self) -> None:
        if self.search.text().strip():
            self._stack.setCurrentIndex(1 if self._hits.rowCount() else 2)

    def _show_menu(self, view: QListView, place: QPoint) -> None:
        index = view.indexAt(place)
        if view is not self._list or not index.isValid():
            return
        chat = self._conversations.value(index.row())
        menu = QMenu(self)
        menu.addAction(
            self.tr("Unpin") if chat.pinned else self.tr("Pin"),
            lambda: self.pinned.emit(chat.id, not chat.pinned),
        )
        menu.addAction(self.tr("Rename"), lambda: self._ask_name(chat))
        into = menu.addMenu(self.tr("Move to folder"))
        into.addAction(self.tr("No folder"), lambda: self.moved.emit(chat.id, None))
        for folder in self._folders.values():
            into.addAction(folder.name, partial(self.moved.emit, chat.id, folder.id))
        menu.addAction(self.tr("Export…"), lambda: self.exported.emit(chat.id))
        menu.addSeparator()
        menu.addAction(self.tr("Delete"), lambda: self.deleted.emit(chat.id))
        menu.exec(view.viewport().mapToGlobal(place))

    def _ask_name(self, chat: Conversation) -> None:
        """A field in the place of the line."""
        row = self._conversations.row_of(chat.id)
        editor = QLineEdit(chat.title, self._list.viewport())
        editor.setAccessibleName(self.tr("Name of the conversation"))
        editor.setGeometry(self._list.visualRect(self._conversations.index(row)))
        editor.selectAll()
        editor.editingFinished.connect(editor.deleteLater)
        editor.returnPressed.connect(lambda: self.renamed.emit(chat.id, editor.text()))
        editor.show()
        editor.setFocus()
