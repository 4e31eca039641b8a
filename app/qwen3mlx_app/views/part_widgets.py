"""Widgets that show the parts of a message.

Of each, `show_part` updates it, `height_at` is its height for a width, `labels` have its text, and
`stops` are the widgets that the Tab key may lead to.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .copy_button import CopyButton
from .long_words import breakable
from .parts import Part
from .pieces import PRE, WRITTEN, coloured, plain
from .plain import NameLabel
from .rich_text import RichLabel, column_widths, laid_out, least_widths, text_style
from .table_columns import TableColumns, fitted, with_widths
from .theme import GAP, GAP_S, Theme

# A table's columns are at least so wide, in pixels, if their text is; a wider table scrolls. They
# give up this share of it where the table fits then.
COLUMN_WIDTH, GIVEN_UP = 130, 0.2
# The pixels of a table beside its columns.
SIDES = 4
# Markers of lists as Markdown.
_SIGNS = {"•": "-", "◦": "-", "▪": "-", "☐": "- [ ]", "☑": "- [x]"}


def rich_text(part: Part, theme: Theme, *, written: bool = False) -> str:
    """What a label shows of a part; plain text as code, or as a person has `written` it."""
    if part.kind == "plain":
        return plain(part.source, WRITTEN if written else PRE)
    if part.kind == "lines":
        lines = theme.highlighter.lines(part.code) if part.code is not None else None
        return coloured(lines, part.first, part.source) if lines else plain(part.source)
    return part.html


class TextPart(RichLabel):
    """Text, lines of code, or plain text."""

    def __init__(
        self, theme: Theme, parent: QWidget, *, muted: bool = False, written: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._muted = muted
        self._written = written

    def show_part(self, part: Part) -> None:
        sign = _SIGNS.get(part.marker, part.marker)
        self.lead = f"{'  ' * (part.depth - 1)}{sign} " if sign else "\n"
        if part.goes_on:
            self.lead = ""
        style = text_style(self._theme, muted=self._muted or bool(part.bars))
        shown = rich_text(part, self._theme, written=self._written)
        self.show_rich(style, breakable(shown, self._theme.font_size))

    def height_at(self, width: int) -> int:
        return self.heightForWidth(width)

    def labels(self) -> list[RichLabel]:
        return [self]

    def stops(self) -> list[QWidget]:
        return [self]


class TablePart(QScrollArea):
    """A table or a formula, as wide as its text; what the window does not hold is scrolled to.

    Only the text of a table is wrapped, as far as its columns stay legible. A long table is several
    of these, with the same `columns`; the last of them `ends` it.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, muted: bool = False) -> None:
        super().__init__(parent)
        self._text = TextPart(theme, self, muted=muted)
        self._natural = self._narrowest = self._num_columns = 0
        self._theme = theme
        self._part = Part("table")
        self._columns: TableColumns | None = None
        self._widths: list[int] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Table"))
        self.setWidget(self._text)

    def join(self, columns: TableColumns, *, ends: bool) -> None:
        policy = Qt.ScrollBarPolicy
        off = policy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(policy.ScrollBarAsNeeded if ends else off)
        if columns is not self._columns:
            self._columns = columns
            bar = self.horizontalScrollBar()
            bar.valueChanged.connect(columns.scrolled)
            columns.scrolled.connect(bar.setValue)

    def show_part(self, part: Part) -> None:
        shown = breakable(part.html, self._theme.font_size)
        document = laid_out(text_style(self._theme) + shown, self.font())
        self._part, self._widths = part, []
        self._natural = self._narrowest = int(document.idealWidth()) + SIDES
        self._num_columns = part.html.partition("</tr>")[0].count("<th")
        if self._num_columns or part.goes_on:  # a formula is not wrapped
            widths, narrowest = column_widths(document), least_widths(document)
            self._narrowest = sum(narrowest) + SIDES
            if self._columns is not None:
                self._columns.widen(widths, narrowest)
        if self._columns is None or not self._columns.are_shared:
            self._text.show_part(part)

    def height_at(self, width: int) -> int:
        """Sets the table's width, too."""
        columns = self._columns
        if columns is not None and columns.are_shared:
            sizes = (sum(columns.widths), sum(columns.narrowest))
            wide = _fitting(width, sizes[0] + SIDES, sizes[1] + SIDES, len(columns.widths))
            self._align(fitted(columns.widths, columns.narrowest, wide - SIDES))
        else:
            wide = _fitting(width, self._natural, self._narrowest, self._num_columns)
        height = self._text.height_at(wide)
        self._text.resize(wide, height)
        is_last = self.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAsNeeded
        scrolls, policy = wide > width and is_last, Qt.FocusPolicy
        self.setFocusPolicy(policy.StrongFocus if scrolls else policy.NoFocus)
        return height + (self.horizontalScrollBar().sizeHint().height() if scrolls else 0)

    def labels(self) -> list[RichLabel]:
        return [self._text]

    def stops(self) -> list[QWidget]:
        return [self, self._text]

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up and down scroll the conversation."""
        if abs(event.angleDelta().y()) > abs(event.angleDelta().x()):
            event.ignore()
        else:
            super().wheelEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_focus(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_focus(False)

    def _show_focus(self, is_focused: bool) -> None:
        """By the scroll bar, which the keys move then."""
        bar = self.horizontalScrollBar()
        bar.setProperty("focused", is_focused)
        bar.style().unpolish(bar)
        bar.style().polish(bar)

    def _align(self, widths: list[int]) -> None:
        """Give the columns their widths."""
        if widths != self._widths:
            self._widths = widths
            self._text.show_part(replace(self._part, html=with_widths(self._part.html, widths)))


class CodePart(QFrame):
    """A frame with the code's language and a button that copies it; its lines lie on the frame."""

    # Pixels between its edges and its lines: at the left, the right and below.
    INSIDE = (GAP + 7, GAP + 1, GAP + 5)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("code")
        self._source = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP + 6, GAP_S + 2, GAP, 0)
        head = QHBoxLayout()
        self._language = NameLabel("", self)
        self._language.setObjectName("muted")
        self._copy = CopyButton(self.tr("Copy code"), self._put_on_clipboard, self)
        head.addWidget(self._language)
        head.addStretch()
        head.addWidget(self._copy)
        layout.addLayout(head)
        layout.addStretch()

    def show_part(self, part: Part) -> None:
        assert part.code is not None
        self._source = part.code.source
        self._language.setText(part.code.language or "")

    def height_at(self, width: int) -> int:
        """That of its head."""
        inside = (self._copy, self._language)
        return 1 + GAP_S + 2 + max(one.sizeHint().height() for one in inside) + GAP_S

    def labels(self) -> list[RichLabel]:
        return []

    def stops(self) -> list[QWidget]:
        return [self._copy]

    def _put_on_clipboard(self) -> None:
        QGuiApplication.clipboard().setText(self._source)


class RulePart(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("rule")

    def show_part(self, part: Part) -> None:
        pass

    def height_at(self, width: int) -> int:
        return 1

    def labels(self) -> list[RichLabel]:
        return []

    def stops(self) -> list[QWidget]:
        return []


def _fitting(width: int, natural: int, narrowest: int, num_columns: int) -> int:
    """How wide a table is where there is `width`."""
    legible = max(narrowest, min(natural, num_columns * COLUMN_WIDTH))
    if legible > width >= max(narrowest, (1 - GIVEN_UP) * legible):
        return width
    return min(natural, max(width, legible))


PartWidget = TextPart | TablePart | CodePart | RulePart
