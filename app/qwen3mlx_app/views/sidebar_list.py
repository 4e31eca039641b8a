"""The sidebar's list: open, collapse, rename, file and delete conversations."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QListView, QWidget

from ..controllers.sections import Sections
from ..domain import Folder
from ..models.sections import Heading, Line, SidebarRow, dragged, folder_key
from .scroll_anchor import ScrollAnchor
from .sidebar_rows import ENTER, RowDelegate
from .theme import Theme

Key = Qt.Key
_SELECT = QItemSelectionModel.SelectionFlag.Select


class SidebarList(QListView):
    """Emits what the person wants; several conversations can be selected."""

    opened = Signal(str)
    renamed = Signal(str, str)
    pinned = Signal(object, bool)
    moved = Signal(object, object)
    deleted = Signal(object)
    exported = Signal(object)
    folder_wanted = Signal(str, object)
    folder_renamed = Signal(str, str)
    folder_deleted = Signal(str)
    menu_wanted = Signal(object, QPoint)

    def __init__(
        self,
        sections: Sections,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._sections = sections
        self._rows = sections.rows
        self._open_id: str | None = None
        self._enter_is_down = False
        self._delegate = RowDelegate(theme, self)
        self.setModel(sections.rows)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Conversations"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QListView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(False)
        self.clicked.connect(self._clicked)
        self._delegate.named.connect(self._named)
        sections.rows.rowsInserted.connect(self._select_open)
        theme.changed.connect(self.scheduleDelayedItemsLayout)
        ScrollAnchor(self, sections.refreshed)

    @property
    def has_rows(self) -> bool:
        return self._rows.rowCount() > 0

    def select(self, conversation_id: str | None) -> None:
        """Select the conversation that is open."""
        self._open_id = conversation_id
        self.clearSelection()
        self._clear_current()
        self._select_open()

    def rename_current(self) -> None:
        """Rename the current row in place."""
        self.rename(self.currentIndex())

    def rename(self, index: QModelIndex) -> None:
        if index.isValid() and self._rows.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.setCurrentIndex(index)
            self.edit(index)

    def rename_key(self, key: str) -> None:
        """Rename the row with this key: a heading's, or a conversation's id."""
        self.rename(self._rows.index(self._rows.row_of(key)))

    def rename_folder(self, folder: Folder) -> None:
        """Let the person overwrite the name of a new folder."""
        self._sections.refresh()
        self.rename_key(folder_key(folder.id))

    def add_folder(self, conversation_ids: object = ()) -> None:
        """Add a folder that holds these conversations."""
        self.folder_wanted.emit(self.tr("New Folder"), conversation_ids)

    def chosen(self) -> list[str]:
        """The ids of the selected conversations, from top to bottom."""
        rows = [self._rows.value(row) for row in sorted(i.row() for i in self.selectedIndexes())]
        return [row.conversation.id for row in rows if isinstance(row, Line)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, row = event.key(), self._row(self.currentIndex())
        if self.state() == QListView.State.EditingState:
            super().keyPressEvent(event)  # keys that the editor ignores
        elif key in (Key.Key_Delete, Key.Key_Backspace) and self.chosen():
            self._delete_chosen()
        elif key in ENTER and event.isAutoRepeat():
            if self._enter_is_down:
                self._enter_is_down = False
                self.rename_current()
        elif key in ENTER:
            self._enter_is_down = True
        elif key in (Key.Key_Left, Key.Key_Right) and row is not None:
            self._step(row, is_left=key == Key.Key_Left)
        elif key == Key.Key_Escape and len(self.chosen()) > 1:
            self.clearSelection()
            self._select_open()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Enter opens on release, since held down it renames."""
        if event.key() in ENTER and self._enter_is_down and not event.isAutoRepeat():
            self._enter_is_down = False
            self._activate(self.currentIndex())
        else:
            super().keyReleaseEvent(event)

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Keep the selection on clicks on a heading, on nothing, or with the right button."""
        if isinstance(event, QMouseEvent):
            is_left = event.button() != Qt.MouseButton.RightButton
            if not (is_left and isinstance(self._row(index), Line)):
                return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place, index = event.globalPos(), self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            place = self.viewport().mapToGlobal(self.visualRect(index).center())
        self.open_menu(index, place)

    def open_menu(self, index: QModelIndex, place: QPoint) -> None:
        """Open the menu for the row at `index`, or for none."""
        self.menu_wanted.emit(self._row(index), place)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        super().dragEnterEvent(event)
        event.setAccepted(bool(dragged(event.mimeData())))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls near the edges
        if dragged(event.mimeData()):
            event.acceptProposedAction()
            self._show_target(self._target(event.position().toPoint()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._show_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Move conversations into a folder or pin them; elsewhere, out of both."""
        ids, target = dragged(event.mimeData()), self._target(event.position().toPoint())
        self._show_target(None)
        event.acceptProposedAction()
        if target is not None and target.kind == "pinned":
            self.pinned.emit(ids, True)
        else:
            self.moved.emit(ids, target.folder.id if target and target.folder else None)
            self.pinned.emit(ids, False)

    def _row(self, index: QModelIndex | QPersistentModelIndex) -> SidebarRow | None:
        return self._rows.value(index.row()) if index.isValid() else None

    def _target(self, place: QPoint) -> Heading | None:
        row = self._row(self.indexAt(place))
        return None if row is None else self._rows.heading_of(row)

    def _show_target(self, heading: Heading | None) -> None:
        self._delegate.target = heading.key if heading else None
        self.viewport().update()

    def _clicked(self, index: QModelIndex) -> None:
        if isinstance(self._row(index), Heading):
            self._activate(index)
            self._clear_current()
            self._select_open()
        elif len(self.chosen()) == 1:
            self._activate(index)

    def _activate(self, index: QModelIndex) -> None:
        row = self._row(index)
        if isinstance(row, Heading):
            self._sections.toggle(row.key)
        elif row is not None:
            self.opened.emit(row.conversation.id)

    def _delete_chosen(self) -> None:
        """The next conversation, else the one above, is the current one then."""
        lines = [one.conversation.id for one in self._rows.values() if isinstance(one, Line)]
        chosen = self.chosen()
        first = lines.index(chosen[0])
        others = [one for one in lines[first:] + lines[first::-1] if one not in chosen]
        self.deleted.emit(chosen)
        self._sections.refresh()
        if others:
            self.setCurrentIndex(self._rows.index(self._rows.row_of(others[0])))
            self.setFocus()  # a new conversation, in place of one that was open, takes it

    def _step(self, row: SidebarRow, *, is_left: bool) -> None:
        """Left goes to the heading and collapses it; right expands it."""
        if isinstance(row, Heading):
            if row.is_folded != is_left:
                self._sections.toggle(row.key)
        elif is_left:
            self.setCurrentIndex(self._rows.index(self._rows.row_of(row.heading)))

    def _select_open(self) -> None:
        """Select the open conversation, unless something else is selected."""
        row = self._rows.row_of(self._open_id)
        if row < 0 or self.selectedIndexes():
            return
        if isinstance(self._row(self.currentIndex()), Heading):  # keys continue from there
            self.selectionModel().select(self._rows.index(row), _SELECT)
        else:
            self.setCurrentIndex(self._rows.index(row))

    def _clear_current(self) -> None:
        self.selectionModel().clearCurrentIndex()

    def _named(self, row: SidebarRow, name: str) -> None:
        if isinstance(row, Line):
            self.renamed.emit(row.conversation.id, name)
        elif row.folder is not None:
            self.folder_renamed.emit(row.folder.id, name)
