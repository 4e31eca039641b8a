"""The pages that ship with the app, in a window beside its own; nothing is fetched for them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale, QModelIndex, Qt, QUrl
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListView, QTextBrowser, QWidget

from ..models import ListModel
from ..services.help_pages import listed, rich_text, target, title
from .following import follow
from .opening import open_link
from .plain import set_title
from .rich_text import text_style
from .theme import GAP, GAP_L, Theme

WIDTH, HEIGHT, LIST_WIDTH = 900, 680, 220
# Above paragraphs and headings, which have none within a message.
_DISTANCES = """<style>
p, ul, ol, pre, table { margin: 8px 0; } h1, h2, h3 { margin: 16px 0 6px; }
</style>"""


class _Browser(QTextBrowser):
    """Shows what it is given, and loads nothing."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


class HelpWindow(QDialog):
    """A list of the pages, and one of them."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        set_title(self, self.tr("qwen3mlx Help"))
        self._theme = theme
        self._page = ""
        titles = {page: title(page) for page in listed(QLocale().name().partition("_")[0])}
        self.pages = ListModel[str](str, titles.__getitem__, self)
        self.pages.reset(list(titles))
        self.list = QListView(self)
        self.list.setModel(self.pages)
        self.list.setObjectName("framed")
        self.list.setAccessibleName(self.tr("Pages"))
        self.list.setFixedWidth(LIST_WIDTH)
        self.text = _Browser(self)
        self.text.setOpenLinks(False)
        self.text.setAccessibleName(self.tr("Page"))
        self.text.anchorClicked.connect(self._follow_link)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        layout.setSpacing(GAP)
        layout.addWidget(self.list)
        layout.addWidget(self.text, 1)
        self.resize(WIDTH, HEIGHT)
        self.list.selectionModel().currentChanged.connect(self._show_listed)
        self.list.setCurrentIndex(self.pages.index(0))
        follow(self, lambda *_: self.show_page(self._page), theme.changed)

    def show_page(self, page: str, anchor: str = "") -> None:
        self._page = page
        self.text.setHtml(text_style(self._theme) + _DISTANCES + rich_text(page))
        if anchor:
            self.text.scrollToAnchor(anchor)

    def _show_listed(self, index: QModelIndex, *_: object) -> None:
        self.show_page(self.pages.value(index.row()))

    def _follow_link(self, url: QUrl) -> None:
        link = url.toString()
        found = target(self._page, link)
        if found is None:
            open_link(link)
            return
        page, anchor = found
        row = self.pages.row_of(page)
        if row >= 0:
            self.list.setCurrentIndex(self.pages.index(row))
        self.show_page(page, anchor)
