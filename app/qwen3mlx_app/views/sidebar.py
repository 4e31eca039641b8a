"""The sidebar: the list of conversations, and search."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ..controllers.sections import Sections
from ..domain import Conversation, Folder
from ..models import ListModel
from ..models.sections import SidebarRow
from ..services.store import Hit
from .icon_label import IconLabel
from .search_field import SearchField
from .sidebar_hits import HitList
from .sidebar_list import SidebarList
from .sidebar_menu import SidebarMenu
from .theme import GAP, Theme
from .widgets import hint_label, labelled_button, tool_button


class Sidebar(QWidget):
    """Emits what the person wants; `select` shows which conversation is open."""

    opened = Signal(str)
    hit_opened = Signal(object)
    new_wanted = Signal()
    searched = Signal(str)
    temporary_wanted = Signal()

    def __init__(
        self,
        sections: Sections,
        hits: ListModel[Hit],
        folders: ListModel[Folder],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hits = hits
        self._folders = folders
        self.list = SidebarList(sections, theme, self)
        self.list.opened.connect(self.opened)
        self.list.menu_wanted.connect(self._open_menu)
        self.found = HitList(hits, theme, self)
        self.found.opened.connect(self.hit_opened)
        self.found.left.connect(self._leave_found)
        self._nothing = _empty("search", self.tr("No results"))
        self._none = _empty("chat", self.tr("Your conversations will appear here."))
        self._stack = QStackedWidget(self)
        for widget in (self.list, self.found, self._nothing, self._none):
            self._stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP + 4, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addLayout(self._head())
        self._temporary = labelled_button(self, "temporary", self.tr("Temporary Chat"), kind="row")
        self._temporary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._temporary.setCheckable(True)
        self._temporary.clicked.connect(self._on_temporary)
        self._temporary.hide()
        layout.addWidget(self._temporary)
        layout.addWidget(self._stack)
        hits.modelReset.connect(self._show)
        for signal in (sections.rows.rowsInserted, sections.rows.rowsRemoved, hits.rowsRemoved):
            signal.connect(self._show)
        self._show()

    def select(self, conversation: Conversation | None, *, is_temporary: bool = False) -> None:
        """Show which conversation is open; a temporary one is here only as long as it is."""
        self.list.select(conversation.id if conversation else None)
        self._temporary.setVisible(is_temporary)
        self._temporary.setChecked(is_temporary)

    def show_list(self) -> None:
        """Clear the search."""
        self.search.clear()

    def name_folder(self, folder: Folder) -> None:
        """Let the person name a new folder in the list."""
        self.show_list()
        self.list.rename_folder(folder)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.search or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        assert isinstance(event, QKeyEvent)
        is_found = self._stack.currentWidget() is self.found
        match event.key():
            case Qt.Key.Key_Escape:
                was_searching = bool(self.search.text())
                self._leave_found(True)
                return was_searching  # else it is the conversation's key
            case Qt.Key.Key_Down if is_found:
                self.found.go_to_first()
            case Qt.Key.Key_Down:
                self.list.setFocus()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if is_found:
                self.found.open(self._hits.index(0))
            case _:
                return super().eventFilter(watched, event)
        return True

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        name = self.tr("Search all conversations")
        self.search = SearchField(self.tr("Search"), name, self, self.tr("Clear search"))
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        row.addWidget(self.search)
        for name, text, do in (
            ("folder-plus", self.tr("New folder"), self.list.add_folder),
            ("compose", self.tr("New conversation"), self.new_wanted.emit),
        ):
            row.addWidget(tool_button(self, name, text, do))
        return row

    def _on_temporary(self) -> None:
        self._temporary.setChecked(True)
        self.temporary_wanted.emit()

    def _open_menu(self, row: SidebarRow | None, place: QPoint) -> None:
        SidebarMenu(self.list, row, self._folders.values()).popup(place)

    def _search(self, text: str) -> None:
        self.searched.emit(text)
        self._show()

    def _leave_found(self, for_good: bool) -> None:
        """Go to the list, or back to the search field."""
        if for_good:
            self.show_list()
            self.list.setFocus()
        else:
            self.search.setFocus()

    def _show(self) -> None:
        if self.search.text().strip():
            shown: QWidget = self.found if self._hits.rowCount() else self._nothing
        else:
            shown = self.list if self.list.has_rows else self._none
        self._stack.setCurrentWidget(shown)


def _empty(sign: str, text: str) -> QWidget:
    """The placeholder of an empty list."""
    page = QWidget()
    label = hint_label(text, page)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    layout = QVBoxLayout(page)
    layout.setSpacing(GAP)
    layout.addStretch(2)
    layout.addWidget(IconLabel(sign, 28, page, "faint"), 0, Qt.AlignmentFlag.AlignHCenter)
    layout.addWidget(label)
    layout.addStretch(3)
    return page
