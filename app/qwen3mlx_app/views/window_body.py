"""What the window holds: the rail, the sidebar and the page with its notices."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from ..composition import Program
from ..session import Session
from .downloads_button import DownloadsButton
from .downloads_sheet import DownloadsSheet
from .notice_bar import NoticeBar
from .pages import Pages
from .rail import Rail
from .sidebar import Sidebar
from .theme import Theme

# The width of the window below which sidebar and page take turns, and of a sidebar, in pixels.
NARROW, SIDEBAR = 700, 250
# The width of the window, in sizes of its text, below which the rail has no words.
FEW = 24


class WindowBody(QWidget):
    """The sidebar belongs to the chat page. In a narrow window it takes the page's place.

    `sidebar_width` is the one that was chosen, also while it is hidden or has the window alone.
    Every part is made where it stays: each move would style all that is in it once more.
    """

    def __init__(self, program: Program, session: Session, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = program.settings
        self._theme = theme
        self._peeks = False  # the sidebar, in a narrow window
        self.sidebar_width = SIDEBAR
        self.rail = Rail(self)  # first, as the eye and Tab go
        downloads = DownloadsButton(program.downloads, self.rail)
        self.rail.add_above_settings(downloads)
        self.splitter = QSplitter(self)
        folders = program.conversations.folders
        self.sidebar = Sidebar(program.sections, session.search.hits, folders, theme, self.splitter)
        self._area = QWidget(self.splitter)
        self.pages = Pages(program, session, theme, self._area)
        self._lay_out()
        self.notices = NoticeBar(session.notices, self.pages, self._area)
        self.downloads = DownloadsSheet(program.downloads, downloads, self)
        downloads.clicked.connect(self.downloads.open)
        self.downloads.models_wanted.connect(lambda: self.pages.show_page("models"))
        self.rail.wanted.connect(self.pages.show_page)
        self.pages.shown.connect(self._on_page_shown)
        theme.changed.connect(self.arrange)
        self.pages.chat.sidebar_wanted.connect(self.toggle_sidebar)

    def set_sidebar_width(self, width: int) -> None:
        self.sidebar_width = width
        self.splitter.setSizes([width, 1])  # the page takes the rest

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar; from another page, show it."""
        is_shown = self.pages.name == "chat" and self._wants_sidebar
        self._set_sidebar(not is_shown)

    def show_sidebar(self) -> None:
        self._set_sidebar(True)

    def arrange(self) -> None:
        """Show what there is room for."""
        is_shown = self.pages.name == "chat" and self._wants_sidebar
        self.rail.set_short(self.window().width() < FEW * self._theme.font_size)
        self.sidebar.setVisible(is_shown)
        self._area.setVisible(not (is_shown and self._is_narrow))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _on_moved(self, *_: int) -> None:
        self.sidebar_width = self.splitter.sizes()[0]

    def _set_sidebar(self, is_wanted: bool) -> None:
        if not self._is_narrow:
            self._settings.update(sidebar_shown=is_wanted)
        self.pages.show_page("chat")
        self._peeks = self._is_narrow and is_wanted
        self.arrange()

    def _on_page_shown(self, name: str) -> None:
        self._peeks = False
        self.arrange()
        self.rail.show_page(name)

    @property
    def _is_narrow(self) -> bool:
        return self.window().width() < NARROW

    @property
    def _wants_sidebar(self) -> bool:
        return self._peeks if self._is_narrow else self._settings.settings.sidebar_shown

    def _lay_out(self) -> None:
        self._area.setObjectName("page")
        self._area.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area = QVBoxLayout(self._area)
        area.setContentsMargins(0, 0, 0, 0)
        area.addWidget(self.pages)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.set_sidebar_width(SIDEBAR)
        self.splitter.splitterMoved.connect(self._on_moved)
        self.splitter.setHandleWidth(1)
        rule = QFrame(self)
        rule.setObjectName("rule")
        rule.setFixedWidth(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addWidget(rule)
        layout.addWidget(self.splitter, 1)
