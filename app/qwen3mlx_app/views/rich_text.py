"""Blocks of a message as widgets: rich text, and code with its language and a copy button."""

from __future__ import annotations

import math
from collections.abc import Iterable

import shiboken6
from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QCursor, QGuiApplication, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..services.plain import visible
from .copy_button import CopyButton
from .markdown import BREAK, Block, BlockReader, breakable, to_html
from .marking import Marks, count_marks, marked
from .opening import open_link
from .pieces import PRE, WRITTEN, coloured_pieces, cut, plain_pieces
from .plain import NameLabel, show_tip
from .style import MONOSPACE
from .theme import GAP, GAP_S, Theme
from .widgets import hint_label

# Longer text is cut on screen; copying and saving have all of it.
MAX_SHOWN, MAX_LINES = 200_000, 5000
# The most characters of a bubble that hugs its text; longer ones take the whole width.
MAX_HUGGED = 1000
WIDE = 10_000
# Pixels between blocks.
BETWEEN = 10


class RichLabel(QLabel):
    """Selectable rich text made by `markdown`, in which matches can be marked.

    Links show their target, and open when clicked, if they are safe.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the message's
        self.linkActivated.connect(open_link)
        self.linkHovered.connect(self._show_target)
        self._style = self._rich = self._before = ""
        self._marks: Marks | None = None
        self._current = -1
        self._count: int | None = None

    def show_rich(self, style: str, rich: str) -> None:
        """Show rich text with a style sheet."""
        self._style, self._rich, self._count = style, rich, None
        self._show()

    def mark(self, marks: Marks | None, current: int = -1) -> int:
        """Mark matches, one of them as the current; returns how many there are."""
        if self._count is None or marks is None or marks != self._marks:
            self._count = count_marks(self._rich, marks) if marks else 0
        current = current if current < self._count else -1
        if (marks, current) != (self._marks, self._current):
            self._marks, self._current = marks, current
            self._show()
        return self._count

    def current_y(self) -> int:
        """The top of the current match, in pixels."""
        document = OwnDocument()
        document.setDefaultFont(self.font())
        document.setDocumentMargin(0)
        document.setTextWidth(self.width())
        document.setHtml(f"{self._style}{self._before}|")
        return max(0, int(document.size().height()) - 2 * self.fontMetrics().height())

    def _show(self) -> None:
        rich, self._before = self._rich, ""
        if self._marks is not None:
            rich, self._before = marked(rich, self._marks, self._current)
        self.setText(self._style + rich)

    def _show_target(self, url: str) -> None:
        show_tip(QCursor.pos(), url, self)


class OwnDocument(QTextDocument):
    """A document that loads no resources."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        return None


def clean_copied() -> None:
    """Remove BREAKs from text that was copied."""
    clipboard = QGuiApplication.clipboard()
    is_ours = QGuiApplication.focusWindow() is not None
    if is_ours and BREAK in clipboard.text():
        text = clipboard.text().replace(BREAK, "")
        QTimer.singleShot(0, lambda: clipboard.setText(text))  # after the copying widget is done


def text_style(theme: Theme) -> str:
    """A style sheet for rich text, which ignores the application's."""
    c, size = theme.colours, theme.font_size
    return f"""<style>
    p, li {{ line-height: {round(1.65 * size)}px; -qt-line-height-type: minimum; }}
    p {{ margin: 0; }}
    h1 {{ font-size: {size + 7}px; }} h2 {{ font-size: {size + 4}px; }}
    h3, h4, h5, h6 {{ font-size: {size + 2}px; }}
    h1, h2, h3, h4, h5, h6 {{ font-weight: 600; }}
    code {{ font-family: {MONOSPACE}; font-size: {size - 1}px; background-color: {c.hover}; }}
    pre {{ font-family: {MONOSPACE}; font-size: {size - 1}px; line-height: 130%;
      white-space: pre-wrap; }}
    th, td {{ padding: 6px 14px 6px 4px; border-bottom: 1px solid {c.line}; }}
    th {{ color: {c.muted}; font-weight: 600; text-align: left; }}
    blockquote {{ color: {c.muted}; margin-left: 16px; }}
    a {{ color: {c.accent}; text-decoration: none; }}
    </style>"""


class Pieces(QWidget):
    """Rich text in stacked labels: when it grows, only the last is laid out again."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._texts: list[str] = []
        self._labels: list[RichLabel] = []
        self._heights: list[tuple[int, int]] = []
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_texts(self, texts: Iterable[str], first: int = 0) -> None:
        """Replace the texts from number `first` on."""
        number = first
        for text in texts:
            self._show(number, text)
            number += 1
        while len(self._labels) > number:
            self._labels.pop().deleteLater()
            del self._texts[-1], self._heights[-1]
        self.updateGeometry()
        self._place()

    def _show(self, number: int, text: str) -> None:
        if number == len(self._labels):
            self._labels.append(RichLabel(self))
            self._labels[-1].show()
            self._texts.append("")
            self._heights.append((-1, 0))
        if text != self._texts[number]:
            self._texts[number] = text
            self._heights[number] = (-1, 0)
            self._labels[number].show_rich(text_style(self._theme), breakable(text))

    def labels(self) -> list[RichLabel]:
        return self._labels

    def heightForWidth(self, width: int) -> int:
        return sum(self._height(place, width) for place in range(len(self._labels)))

    def sizeHint(self) -> QSize:
        return QSize(-1, -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _height(self, place: int, width: int) -> int:
        if self._heights[place][0] != width:
            self._heights[place] = (width, self._labels[place].heightForWidth(width))
        return self._heights[place][1]

    def _place(self) -> None:
        y, width = 0, self.width()
        for place, label in enumerate(self._labels):
            height = self._height(place, width)
            label.setGeometry(0, y, width, height)
            y += height


class BlockWidget(QWidget):
    """Shows one block; `height_at` is its height for a width.

    Plain text is in the font of the window if it is `written` by a person, else monospaced.
    """

    def __init__(
        self, block: Block, theme: Theme, parent: QWidget | None = None, *, written: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tag = WRITTEN if written else PRE
        self._block: Block | None = None
        self._plain = ""
        self._ends: list[int] = []
        self._measured = (-1, 0)
        self._margins = (0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.is_code = block.language is not None
        self._text = Pieces(theme, self)
        if self.is_code:
            layout.addWidget(self._framed(block))
        else:
            layout.addWidget(self._text)

    def height_at(self, width: int) -> int:
        if self._measured[0] != width:
            left, top, right, bottom = self._margins
            height = self._text.heightForWidth(width - left - right)
            self._measured = (width, top + height + bottom)
        return self._measured[1]

    def labels(self) -> list[RichLabel]:
        return self._text.labels()

    def show_block(self, block: Block, *, growing: bool) -> None:
        """Show a block; code that still grows is not highlighted yet."""
        if block != self._block:
            self._block = block
            self._show(block)
        if self.is_code and not growing:
            self._theme.highlighter.want(block, self._colour)

    def _colour(self, block: Block) -> None:
        if shiboken6.isValid(self) and block == self._block:
            self._show(block)

    def _show(self, block: Block) -> None:
        self._measured = (-1, 0)
        if not (self.is_code or block.is_plain):
            self._ends = []
            self._text.show_texts([to_html(block)])
        elif coloured := self._theme.highlighter.lines(block):
            self._ends = []
            ends = cut(block.source)
            self._text.show_texts(coloured_pieces(coloured, block.source, ends))
        else:
            self._show_plain(block.source)

    def _show_plain(self, source: str) -> None:
        """Show plain text; if it has only grown, all pieces but the last are kept."""
        if not source.startswith(self._plain):
            self._ends = []
        self._plain = source
        kept = self._ends[:-1]
        start = kept[-1] if kept else 0
        ends = cut(source, start)
        self._text.show_texts(plain_pieces(source, start, ends, self._tag), len(kept))
        self._ends = [*kept, *ends]

    def _framed(self, block: Block) -> QFrame:
        left, above, right, below = GAP + 6, GAP_S + 2, GAP, GAP + 4
        frame = QFrame(self)
        frame.setObjectName("code")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(left, above, right, below)
        layout.setSpacing(GAP_S)
        head = QHBoxLayout()
        language = NameLabel(block.language or "", frame)
        language.setObjectName("muted")
        copy = CopyButton(self.tr("Copy code"), self._copy, frame)
        head.addWidget(language)
        head.addStretch()
        head.addWidget(copy)
        layout.addLayout(head)
        layout.addWidget(self._text)
        # The height is computed, since layouts leave out hidden widgets.
        line = 2 * frame.frameWidth()
        top = line + above + copy.sizeHint().height() + GAP_S
        self._margins = (left, top, right + line, below)
        return frame

    def _copy(self) -> None:
        if self._block is not None:
            QGuiApplication.clipboard().setText(self._block.source)


class RichText(QWidget):
    """Markdown that may grow: only its last blocks are rebuilt, measured and placed again.

    What a person has `written` is shown as it is, and is no wider than its text.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, written: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._written = written
        self._natural = QSize(-1, -1)
        self._reader = BlockReader()
        self._widgets: list[BlockWidget] = []
        self._cut = hint_label("", self)
        self._cut.hide()
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_text(self, text: str, *, growing: bool = False) -> None:
        shown = _beginning(text)
        self._cut.setVisible(len(shown) < len(text))
        if len(shown) < len(text):
            missing = f"{len(text) - len(shown):,}"
            self._cut.setText(
                self.tr(
                    "{count} more characters are not shown. Copy the message to get all of it."
                ).format(count=missing)
            )
        if self._written:
            unchanged, blocks = 0, [Block(shown, is_plain=True)]
            self._natural = QSize(self._natural_width(shown), -1)
        else:
            unchanged = self._reader.read(shown, growing=growing)
            blocks = self._reader.blocks
        while len(self._widgets) > len(blocks):
            self._drop(len(self._widgets) - 1)
        for place in range(unchanged, len(blocks)):
            is_last = place == len(blocks) - 1
            self._show_block(place, blocks[place], growing=growing and is_last)
        self.updateGeometry()
        self._place()

    def labels(self) -> list[RichLabel]:
        """The labels with its text, from top to bottom."""
        return [label for widget in self._widgets for label in widget.labels()]

    def heightForWidth(self, width: int) -> int:
        heights = [widget.height_at(width) for widget in self._widgets]
        if not self._cut.isHidden():
            heights.append(self._cut.heightForWidth(width))
        return sum(heights) + BETWEEN * max(0, len(heights) - 1)

    def sizeHint(self) -> QSize:
        return self._natural

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        y, width = 0, self.width()
        for widget in self._widgets:
            height = widget.height_at(width)
            widget.setGeometry(0, y, width, height)
            y += height + BETWEEN
        if not self._cut.isHidden():
            self._cut.setGeometry(0, y, width, self._cut.heightForWidth(width))

    def _natural_width(self, text: str) -> int:
        if len(text) > MAX_HUGGED:
            return WIDE
        document = OwnDocument()
        document.setDefaultFont(self.font())
        document.setDocumentMargin(0)
        document.setPlainText(visible(text, len(text)))
        return math.ceil(document.idealWidth()) + 2

    def _show_block(self, place: int, block: Block, *, growing: bool) -> None:
        is_code = block.language is not None
        if place < len(self._widgets) and self._widgets[place].is_code != is_code:
            self._drop(place)
            self._insert(place, block)
        elif place == len(self._widgets):
            self._insert(place, block)
        self._widgets[place].show_block(block, growing=growing)

    def _insert(self, place: int, block: Block) -> None:
        widget = BlockWidget(block, self._theme, self, written=self._written)
        self._widgets.insert(place, widget)
        widget.show()

    def _drop(self, place: int) -> None:
        widget = self._widgets.pop(place)
        widget.hide()
        widget.deleteLater()


def _beginning(text: str) -> str:
    """The part of the text that is shown."""
    text = text[:MAX_SHOWN]
    if text.count("\n") < MAX_LINES:
        return text
    return "\n".join(text.split("\n", MAX_LINES)[:MAX_LINES])
