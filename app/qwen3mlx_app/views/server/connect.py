"""Snippets for connecting other programs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from ...services.plain import visible
from ...services.snippets import Snippet
from ..page import Group
from ..plain import Button, Label, TabBar
from ..style import MONOSPACE
from ..theme import GAP, Theme
from ..widgets import hint_label

# The least and most visible lines of a snippet.
FEWEST, MOST = 4, 14


class ConnectGroup(Group):
    """`snippets` is called whenever they may have changed."""

    def __init__(
        self,
        snippets: Callable[[], list[Snippet]],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ask = snippets
        self._all: list[Snippet] = []
        self._tabs = TabBar(self)
        self._tabs.setAccessibleName(self.tr("Client"))
        self._tabs.currentChanged.connect(self._show)
        self._copy = Button(self.tr("Copy"), self)
        self._copy.setAccessibleName(self.tr("Copy snippet"))
        self._copy.clicked.connect(self._copy_shown)
        self._code = QPlainTextEdit(self)
        self._code.setReadOnly(True)
        self._code.setTabChangesFocus(True)
        self._code.setAccessibleName(self.tr("Snippet"))
        self._theme = theme
        self._look()
        theme.changed.connect(self._look)
        self._note: Label = hint_label("", self)
        column = QVBoxLayout()
        column.setContentsMargins(0, GAP, 0, GAP)
        column.setSpacing(GAP)
        row = QHBoxLayout()
        row.addWidget(self._tabs, 1)
        row.addWidget(self._copy)
        column.addLayout(row)
        column.addWidget(self._code)
        column.addWidget(self._note)
        self.add_layout(column)

    def _look(self) -> None:
        size, accent = self._theme.font_size - 1, self._theme.colours.accent
        self._code.setStyleSheet(
            f"QPlainTextEdit {{ font-family: {MONOSPACE}; font-size: {size}px;"
            " border-color: transparent; background: transparent; }"
            f" QPlainTextEdit:focus {{ border-color: {accent}; }}"
        )
        self._show(self._tabs.currentIndex())

    def show_snippets(self) -> None:
        self._all = self._ask()
        for place, snippet in enumerate(self._all):
            if place == self._tabs.count():
                self._tabs.add(snippet.title)
        self._show(self._tabs.currentIndex())

    def _show(self, place: int) -> None:
        if 0 <= place < len(self._all):
            code = self._all[place].code.rstrip()
            self._code.setPlainText(visible(code))
            lines = min(MOST, max(FEWEST, code.count("\n") + 1))
            self._code.setFixedHeight((lines + 1) * self._code.fontMetrics().lineSpacing() + 8)
            self._note.setText(self._all[place].note)
            self._note.setVisible(bool(self._all[place].note))

    def _copy_shown(self) -> None:
        QGuiApplication.clipboard().setText(self._all[self._tabs.currentIndex()].code.rstrip())
