"""The conversations, and what is looked for in them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..controllers.sections import Sections
from ..domain import Conversation, Folder
from ..models import ListModel
from ..services.store import Hit
from .icons import SIZE, icon
from .sidebar_list import SidebarList
from .sidebar_rows import HitDelegate
from .theme import GAP, Theme


class Sidebar(QWidget):
    """Says what is wanted; `select` shows which conversation is open."""

    opened = Signal(str)
    new_wanted = Signal()
    searched = Signal(str)

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
        self.list = SidebarList(sections, folders, theme, self)
        self.list.opened.connect(self.opened)
        self._found = self._hit_list(hits, theme)
        self._stack = QStackedWidget(self)
        for widget in (
            self.list,
            self._found,
            self._empty(self.tr("Nothing found.")),
            self._empty(self.tr("Your conversations will be listed here.")),
        ):
            self._stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP + 4, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addLayout(self._head())
        layout.addWidget(self._stack)
        hits.modelReset.connect(self._show)
        for signal in (sections.rows.rowsInserted, sections.rows.rowsRemoved):
            signal.connect(self._show)
        self._show()

    def select(self, conversation: Conversation | None) -> None:
        self.list.select(conversation.id if conversation else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent):
            is_press = event.type() == QEvent.Type.KeyPress
            if is_press and event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            if is_press and event.key() == Qt.Key.Key_Down:
                (self.list if self._stack.currentIndex() == 0 else self._found).setFocus()
                return True
        return super().eventFilter(watched, event)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.search = QLineEdit(self)
        self.search.setObjectName("search")
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search all conversations"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        row.addWidget(self.search)
        for name, text, do in (
            ("folder-plus", self.tr("New folder"), self.list.add_folder),
            ("compose", self.tr("New conversation"), self.new_wanted.emit),
        ):
            button = QToolButton(self)
            button.setIcon(icon(name))
            button.setIconSize(SIZE)
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(lambda _=False, do=do: do())
            row.addWidget(button)
        return row

    def _hit_list(self, hits: ListModel[Hit], theme: Theme) -> QListView:
        view = QListView(self)
        view.setModel(hits)
        view.setItemDelegate(HitDelegate(theme, view))
        view.setAccessibleName(self.tr("Found"))
        view.setMouseTracking(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.clicked.connect(self._open_hit)
        view.activated.connect(self._open_hit)
        return view

    def _empty(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setObjectName("muted")
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        label.setContentsMargins(GAP, 2 * GAP, GAP, 0)
        return label

    def _open_hit(self, index: QModelIndex) -> None:
        self.opened.emit(self._hits.value(index.row()).conversation_id)

    def _search(self, text: str) -> None:
        self.searched.emit(text)
        self._show()

    def _show(self) -> None:
        if self.search.text().strip():
            self._stack.setCurrentIndex(1 if self._hits.rowCount() else 2)
        else:
            self._stack.setCurrentIndex(0 if self.list.has_rows else 3)
