"""The sidebar's list: it opens, folds, names, files and deletes conversations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListView, QMenu, QWidget

from ..controllers.sections import Sections
from ..domain import Conversation, Folder
from ..models import ListModel
from ..models.sections import Heading, Line, SidebarRow
from .icons import icon
from .sidebar_rows import RowDelegate
from .theme import Theme


class SidebarList(QListView):
    """Says what is wanted; several conversations can be chosen at once."""

    opened = Signal(str)
    renamed = Signal(str, str)
    pinned = Signal(str, bool)
    moved = Signal(object, object)
    deleted = Signal(object)
    exported = Signal(str)
    folder_added = Signal(str)
    folder_renamed = Signal(str, str)
    folder_deleted = Signal(str)

    def __init__(
        self,
        sections: Sections,
        folders: ListModel[Folder],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._sections = sections
        self._rows: ListModel[SidebarRow] = sections.rows
        self._folders = folders
        self._open_id: str | None = None
        self.setModel(sections.rows)
        self.setItemDelegate(RowDelegate(theme, self))
        self.setAccessibleName(self.tr("Conversations"))
        self.setMouseTracking(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.clicked.connect(self._clicked)
        self.activated.connect(self._activated)
        sections.rows.rowsInserted.connect(self._select_open)

    @property
    def has_rows(self) -> bool:
        return self._rows.rowCount() > 0

    def select(self, conversation_id: str | None) -> None:
        """It is the one that is open."""
        self._open_id = conversation_id
        row = self._rows.row_of(conversation_id)
        if row < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self._rows.index(row))

    def rename_current(self) -> None:
        """In its place in the list."""
        self._rename(self.currentIndex())

    def add_folder(self) -> None:
        """With a name to write over."""
        before = {folder.id for folder in self._folders.values()}
        self.folder_added.emit(self.tr("New folder"))
        self._sections.refresh()
        for folder in self._folders.values():
            if folder.id not in before:
                self._rename(self._rows.index(self._rows.row_of(f"folder {folder.id}")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._chosen():
            self.deleted.emit(self._chosen())
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._fold(self._row(self.currentIndex()), event.key() == Qt.Key.Key_Left)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is self:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.source() is self:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Onto a folder or something in it: into that folder; elsewhere: out of any."""
        row = self._row(self.indexAt(event.position().toPoint()))
        if event.source() is not self or row is None:
            return
        folder_id = row.conversation.folder_id if isinstance(row, Line) else None
        if isinstance(row, Heading) and row.folder is not None:
            folder_id = row.folder.id
        event.setDropAction(Qt.DropAction.CopyAction)  # the view is not to take the lines out
        event.accept()
        self.moved.emit(self._chosen(), folder_id)

    def _row(self, index: QModelIndex) -> SidebarRow | None:
        return self._rows.value(index.row()) if index.isValid() else None

    def _chosen(self) -> list[str]:
        rows = [self._row(index) for index in self.selectedIndexes()]
        return [row.conversation.id for row in rows if isinstance(row, Line)]

    def _clicked(self, index: QModelIndex) -> None:
        row = self._row(index)
        if isinstance(row, Heading):
            self._sections.toggle(row.key)
        elif len(self._chosen()) == 1:
            self._activated(index)

    def _activated(self, index: QModelIndex) -> None:
        row = self._row(index)
        if isinstance(row, Line):
            self.opened.emit(row.conversation.id)

    def _fold(self, row: SidebarRow | None, wanted: bool) -> None:
        if isinstance(row, Heading) and row.is_folded != wanted:
            self._sections.toggle(row.key)

    def _select_open(self) -> None:
        """It may have been folded away, or new."""
        if not self.selectedIndexes():
            self.select(self._open_id)

    def _show_menu(self, place: QPoint) -> None:
        row = self._row(self.indexAt(place))
        menu = QMenu(self)
        if isinstance(row, Line):
            self._fill_for_line(menu, row.conversation)
        elif isinstance(row, Heading) and row.folder is not None:
            self._fill_for_folder(menu, row.folder, self.indexAt(place))
        else:
            menu.addAction(icon("folder-plus"), self.tr("New folder"), self.add_folder)
        menu.exec(self.viewport().mapToGlobal(place))

    def _fill_for_line(self, menu: QMenu, chat: Conversation) -> None:
        chosen = self._chosen()
        chosen = chosen if chat.id in chosen else [chat.id]
        if len(chosen) == 1:
            index = self._rows.index(self._rows.row_of(chat.id))
            menu.addAction(
                icon("pin"),
                self.tr("Unpin") if chat.pinned else self.tr("Pin"),
                lambda: self.pinned.emit(chat.id, not chat.pinned),
            )
            menu.addAction(icon("edit"), self.tr("Rename"), partial(self._rename, index))
            menu.addAction(icon("export"), self.tr("Export…"), lambda: self.exported.emit(chat.id))
        into = menu.addMenu(icon("folder"), self.tr("Move to folder"))
        into.addAction(self.tr("No folder"), lambda: self.moved.emit(chosen, None))
        for folder in self._folders.values():
            into.addAction(folder.name, partial(self.moved.emit, chosen, folder.id))
        menu.addSeparator()
        menu.addAction(icon("trash"), self.tr("Delete"), lambda: self.deleted.emit(chosen))

    def _fill_for_folder(self, menu: QMenu, folder: Folder, index: QModelIndex) -> None:
        menu.addAction(icon("edit"), self.tr("Rename"), partial(self._rename, index))
        menu.addAction(icon("folder-plus"), self.tr("New folder"), self.add_folder)
        menu.addSeparator()
        menu.addAction(
            icon("trash"),
            self.tr("Delete the folder, keep its conversations"),
            lambda: self.folder_deleted.emit(folder.id),
        )

    def _rename(self, index: QModelIndex) -> None:
        row = self._row(index)
        if isinstance(row, Line):
            chat = row.conversation
            name = self.tr("Name of the conversation")
            self._edit(index, name, chat.title, partial(self.renamed.emit, chat.id))
        elif isinstance(row, Heading) and row.folder is not None:
            name = self.tr("Name of the folder")
            self._edit(
                index, name, row.folder.name, partial(self.folder_renamed.emit, row.folder.id)
            )

    def _edit(
        self, index: QModelIndex, name: str, text: str, then: Callable[[str], object]
    ) -> None:
        """A field in the place of the line."""
        self.scrollTo(index)
        editor = QLineEdit(text, self.viewport())
        editor.setAccessibleName(name)
        place = self.visualRect(index)
        place.setTop(place.bottom() - editor.sizeHint().height() + 1)
        editor.setGeometry(place)
        editor.selectAll()
        editor.returnPressed.connect(lambda: then(editor.text()))
        editor.editingFinished.connect(editor.deleteLater)
        editor.show()
        editor.setFocus()
