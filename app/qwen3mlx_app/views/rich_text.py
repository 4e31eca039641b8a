"""Labels with rich text, and code with its language and a copy button."""

from __future__ import annotations

from collections.abc import Iterable

import shiboken6
from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCursor,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from .copy_button import CopyButton
from .markdown import BREAK, Block, breakable
from .marking import Marks, count_marks, marked
from .opening import open_link
from .pieces import PRE, WRITTEN, coloured_pieces, cut, plain_pieces
from .plain import NameLabel, show_tip
from .style import MONOSPACE
from .theme import GAP, GAP_S, Theme


class RichLabel(QLabel):
    """Selectable rich text made by `markdown`, in which matches can be marked.

    Links show their target, and open when clicked, if they are safe. `lead` is copied before the
    text: an empty line, or a list's marker. Mouse events and copying are passed on, so that a
    selection can go on in other labels.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lead = "\n"
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
        document = laid_out(f"{self._style}{self._before}|", self.font())
        document.setTextWidth(self.width())
        return max(0, int(document.size().height()) - 2 * self.fontMetrics().height())

    def _show(self) -> None:
        rich, self._before = self._rich, ""
        if self._marks is not None:
            rich, self._before = marked(rich, self._marks, self._current)
        self.setText(self._style + rich)

    def setText(self, text: str) -> None:
        """Only text with links is a stop on the way of the Tab key."""
        super().setText(text)
        has_links = "<a " in text
        policy = Qt.FocusPolicy.StrongFocus if has_links else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(policy)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _show_target(self, url: str) -> None:
        show_tip(QCursor.pos(), url, self)


class OwnDocument(QTextDocument):
    """A document that loads no resources."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        return None


def laid_out(html: str, font: QFont) -> OwnDocument:
    """A text as a label in `font` lays it out, which labels do not tell of."""
    document = OwnDocument()
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    document.setHtml(html)
    return document


def clean_copied() -> None:
    """Remove BREAKs from text that was copied."""
    clipboard = QGuiApplication.clipboard()
    is_ours = QGuiApplication.focusWindow() is not None
    if is_ours and BREAK in clipboard.text():
        text = clipboard.text().replace(BREAK, "")
        QTimer.singleShot(0, lambda: clipboard.setText(text))  # after the copying widget is done


def line_height(theme: Theme) -> int:
    """The least height of a line, in pixels."""
    return round(1.65 * theme.font_size)


def text_style(theme: Theme, *, muted: bool = False) -> str:
    """A style sheet for rich text, which ignores the application's."""
    c, size = theme.colours, theme.font_size
    colour = c.muted if muted else c.text
    return f"""<style>
    p, li {{ line-height: {line_height(theme)}px; -qt-line-height-type: minimum; }}
    p, li, td, h1, h2, h3, h4, h5, h6 {{ color: {colour}; }}
    p, h1, h2, h3, h4, h5, h6 {{ margin: 0; }}
    h1 {{ font-size: {size + 7}px; }} h2 {{ font-size: {size + 4}px; }}
    h3, h4, h5, h6 {{ font-size: {size + 2}px; }}
    h1, h2, h3, h4, h5, h6 {{ font-weight: 600; }}
    code {{ font-family: {MONOSPACE}; font-size: {size - 1}px; background-color: {c.hover}; }}
    pre {{ font-family: {MONOSPACE}; font-size: {size - 1}px; line-height: 130%;
      white-space: pre-wrap; }}
    th, td {{ padding: 6px 14px 6px 4px; border-bottom: 1px solid {c.line}; }}
    th {{ color: {c.muted}; font-weight: 600; text-align: left; }}
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
            self._labels[-1].lead = "\n" if number == 0 else ""
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
    """Shows code, or plain text; `height_at` is its height for a width.

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
        self._language: NameLabel | None = None
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
        if self._language is not None:
            self._language.setText(block.language or "")
        if coloured := self._theme.highlighter.lines(block):
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
        language = self._language = NameLabel(block.language or "", frame)
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
