"""Blocks of a message as widgets: rich text, and code with its language and a button to copy it."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ..services.links import is_safe
from .highlighter import Highlighter, plain
from .markdown import Block, BlockReader, to_html
from .theme import GAP, GAP_S

# What is longer is cut for the eye; copying and saving have all of it.
MAX_SHOWN = 200_000


def text_label(parent: QWidget | None = None) -> QLabel:
    """Rich text that can be selected; a link opens when it is clicked, if it may be."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.LinksAccessibleByMouse
        | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    )
    label.linkActivated.connect(open_link)
    return label


def open_link(url: str) -> None:
    if is_safe(url):
        QDesktopServices.openUrl(QUrl(url))


class BlockWidget(QWidget):
    """One block; `show_block` changes what it shows."""

    def __init__(
        self, block: Block, highlighter: Highlighter, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._highlighter = highlighter
        self._block: Block | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.is_code = block.language is not None
        self._label = text_label(self)
        if self.is_code:
            layout.addWidget(self._framed(block))
        else:
            layout.addWidget(self._label)

    def show_block(self, block: Block, *, growing: bool) -> None:
        """Code that still grows has no colours yet."""
        if block != self._block:
            self._block = block
            if not self.is_code:
                self._label.setText(to_html(block))
                return
            self._label.setText(self._highlighter.rich_text(block) or plain(block))
        if self.is_code and not growing:
            self._highlighter.want(block, self._colour)

    def _colour(self, block: Block) -> None:
        if shiboken6.isValid(self) and block == self._block:
            self._label.setText(self._highlighter.rich_text(block) or plain(block))

    def _framed(self, block: Block) -> QFrame:
        frame = QFrame(self)
        frame.setObjectName("code")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(GAP + 4, GAP_S, GAP, GAP)
        layout.setSpacing(GAP_S)
        head = QHBoxLayout()
        language = QLabel(block.language or "", frame)
        language.setObjectName("muted")
        copy = QToolButton(frame)
        copy.setText(self.tr("Copy"))
        copy.setAccessibleName(self.tr("Copy the code"))
        copy.clicked.connect(self._copy)
        head.addWidget(language)
        head.addStretch()
        head.addWidget(copy)
        layout.addLayout(head)
        self._label.setStyleSheet("font-family: 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace;")
        layout.addWidget(self._label)
        return frame

    def _copy(self) -> None:
        if self._block is not None:
            QGuiApplication.clipboard().setText(self._block.source)


class RichText(QWidget):
    """Markdown that may grow: only its last blocks are made anew."""

    def __init__(self, highlighter: Highlighter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._highlighter = highlighter
        self._reader = BlockReader()
        self._widgets: list[BlockWidget] = []
        self._cut = QLabel(self)
        self._cut.setObjectName("muted")
        self._cut.setWordWrap(True)
        self._cut.hide()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self._cut)

    def show_text(self, text: str, *, growing: bool = False) -> None:
        self._cut.setVisible(len(text) > MAX_SHOWN)
        if len(text) > MAX_SHOWN:
            missing = f"{len(text) - MAX_SHOWN:,}"
            self._cut.setText(
                self.tr("{count} more characters: copy the answer to have all of it.").format(
                    count=missing
                )
            )
            text = text[:MAX_SHOWN]
        unchanged = self._reader.read(text)
        blocks = self._reader.blocks
        while len(self._widgets) > len(blocks):
            self._drop(len(self._widgets) - 1)
        for place in range(unchanged, len(blocks)):
            is_last = place == len(blocks) - 1
            self._show_block(place, blocks[place], growing=growing and is_last)

    def _show_block(self, place: int, block: Block, *, growing: bool) -> None:
        is_code = block.language is not None
        if place < len(self._widgets) and self._widgets[place].is_code != is_code:
            self._drop(place)
            self._insert(place, block)
        elif place == len(self._widgets):
            self._insert(place, block)
        self._widgets[place].show_block(block, growing=growing)

    def _insert(self, place: int, block: Block) -> None:
        widget = BlockWidget(block, self._highlighter, self)
        self._widgets.insert(place, widget)
        self._layout.insertWidget(place, widget)

    def _drop(self, place: int) -> None:
        widget = self._widgets.pop(place)
        self._layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()
