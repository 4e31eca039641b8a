"""What the window holds: the rail, the sidebar and the page with its notices."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from ..controllers.notices import Notices
from ..controllers.settings import SettingsController
from .notice_bar import NoticeBar
from .pages import Pages
from .rail import Rail
from .sidebar import Sidebar

# The width of the window below which sidebar and page take turns, in pixels.
NARROW = 700


class WindowBody(QWidget):
    """The sidebar belongs to the chat page. In a narrow window it takes the page's place."""

    def __init__(
        self,
        rail: Rail,
        sidebar: Sidebar,
        pages: Pages,
        settings: SettingsController,
        notices: Notices,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._rail = rail
        self._sidebar = sidebar
        self._pages = pages
        self._settings = settings
        self._peeks = False  # the sidebar, in a narrow window
        self.splitter = QSplitter(parent)
        self.splitter.addWidget(sidebar)
        self.splitter.addWidget(self._right(notices))
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([250, 800])
        self.splitter.setHandleWidth(1)
        self._lay_out()
        rail.wanted.connect(pages.show_page)
        pages.shown.connect(self._on_page_shown)
        pages.chat.sidebar_wanted.connect(self.toggle_sidebar)

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar; from another page, show it."""
        is_shown = self._pages.name == "chat" and self._wants_sidebar
        self._set_sidebar(not is_shown)

    def show_sidebar(self) -> None:
        self._set_sidebar(True)

    def arrange(self) -> None:
        """Show what there is room for."""
        is_shown = self._pages.name == "chat" and self._wants_sidebar
        self._sidebar.setVisible(is_shown)
        self._area.setVisible(not (is_shown and self._is_narrow))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def _set_sidebar(self, is_wanted: bool) -> None:
        if not self._is_narrow:
            self._settings.update(sidebar_shown=is_wanted)
        self._pages.show_page("chat")
        self._peeks = self._is_narrow and is_wanted
        self.arrange()

    def _on_page_shown(self, name: str) -> None:
        self._peeks = False
        self.arrange()
        self._rail.show_page(name)

    @property
    def _is_narrow(self) -> bool:
        return self.window().width() < NARROW

    @property
    def _wants_sidebar(self) -> bool:
        return self._peeks if self._is_narrow else self._settings.settings.sidebar_shown

    def _lay_out(self) -> None:
        rule = QFrame(self)
        rule.setObjectName("rule")
        rule.setFixedWidth(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._rail)
        layout.addWidget(rule)
        layout.addWidget(self.splitter, 1)

    def _right(self, notices: Notices) -> QWidget:
        """The page, under the notices."""
        area = self._area = QWidget(self.window())
        area.setObjectName("page")
        area.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(area)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages)
        self.notices = NoticeBar(notices, area)
        return area
