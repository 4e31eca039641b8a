"""Labels with rich text, in which text is selected and matches are marked."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCursor,
    QFocusEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QTextDocument,
    QTextOption,
    QTextTable,
)
from PySide6.QtWidgets import QLabel, QWidget

from .markdown import BREAK
from .marking import Marks, count_marks, marked
from .opening import open_link
from .plain import show_tip
from .style import MONOSPACE
from .theme import Theme

_Keys = QKeySequence.StandardKey
_TABS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class RichLabel(QLabel):
    """Selectable rich text made by `markdown`, in which matches can be marked.

    Links show their target, and open when clicked, if they are safe. `lead` is copied before the
    text: an empty line, or a list's marker. Mouse events and the keys of selecting are passed on,
    so that a selection can go on in other labels.
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
        """Only text with links is a stop on the way of the Tab key. What is selected stays so."""
        start, selected = self.selectionStart(), self.selectedText()
        super().setText(text)
        if selected:
            self._select_again(start, selected)
        has_links = "<a " in text
        policy = Qt.FocusPolicy.StrongFocus if has_links else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(policy)

    def _select_again(self, start: int, selected: str) -> None:
        """Select what was selected in the text before, if it is there still."""
        if start + len(selected) < laid_out(self.text(), self.font()).characterCount():
            self.setSelection(start, len(selected))
            if self.selectedText() != selected:
                self.setSelection(0, 0)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tab goes to the first link at once, or back to the last."""
        super().focusInEvent(event)
        if event.reason() in _TABS:
            self.focusNextPrevChild(event.reason() == Qt.FocusReason.TabFocusReason)

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
        if event.matches(_Keys.Copy) or event.matches(_Keys.SelectAll):
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


def column_widths(document: QTextDocument) -> list[int]:
    """The widths of a laid out table's columns; empty if there is no table."""
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            layout = document.documentLayout()
            blocks = [
                frame.cellAt(0, column).firstCursorPosition().block()
                for column in range(frame.columns())
            ]
            lefts = [layout.blockBoundingRect(block).x() for block in blocks]
            ends = [*lefts[1:], lefts[0] + layout.frameBoundingRect(frame).width()]
            return [round(end - left) for left, end in zip(lefts, ends, strict=True)]
    return []


def least_widths(document: QTextDocument) -> list[int]:
    """Those widths where all words that may be are on lines of their own. Lays it out anew."""
    option = document.defaultTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    document.setDefaultTextOption(option)
    document.setTextWidth(1)
    return column_widths(document)
