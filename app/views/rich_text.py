"""Blocks of a message as widgets: rich text, and code with its language and a button to copy it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ..services.links import is_safe
from .markdown import Block, BlockReader, to_html
from .theme import GAP, GAP_S, Theme

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

    def __init__(self, block: Block, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._block: Block | None = None
        self._highlighted = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.is_code = block.language is not None
        self._label = text_label(self)
        if self.is_code:
            layout.addWidget(self._framed(block))
        else:
            layout.addWidget(self._label)

    def show_block(self, block: Block, *, is_last: bool) -> None:
        """The last one may still grow, and is not highlighted when it is long."""
        highlight = not is_last or len(block.source) < 4000
        if block == self._block and highlight == self._highlighted:
            return
        self._block, self._highlighted = block, highlight
        self._label.setText(to_html(block, self._theme.colours.code_style, highlight=highlight))

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

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
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

    def show_text(self, text: str) -> None:
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
            self._show_block(place, blocks[place], is_last=place == len(blocks) - 1)

    def _show_block(self, place: int, block: Block, *, is_last: bool) -> None:
        is_code = block.language is not None
        if place < len(self._widgets) and self._widgets[place].is_code != is_code:
            self._drop(place)
            self._insert(place, block)
        elif place == len(self._widgets):
            self._insert(place, block)
        self._widgets[place].show_block(block, is_last=is_last)

    def _insert(self, place: int, block: Block) -> None:
        widget = BlockWidget(block, self._theme, self)
        self._widgets.insert(place, widget)
        self._layout.insertWidget(place, widget)

    def _drop(self, place: int) -> None:
        widget = self._widgets.pop(place)
        self._layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()
