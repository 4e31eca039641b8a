"""A message's text: its parts below each other, with the signs of lists and quotes beside them."""

from __future__ import annotations

import math

import shiboken6
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..services.plain import visible
from .column import Column
from .markdown import Block, BlockReader
from .parts import Part, parts
from .rich_text import OwnDocument, line_height
from .theme import Theme
from .widgets import hint_label

# Longer text is cut on screen; copying and saving have all of it.
MAX_SHOWN, MAX_LINES = 200_000, 5000
# The most characters of a bubble that hugs its text; longer ones take the whole width.
MAX_HUGGED = 1000
WIDE = 10_000
# Pixels: of a quote's bar, and between a list's marker and its text.
BAR, CLEAR = 3, 8


class MessageText(Column):
    """Markdown that may grow: only its last parts are read, and laid out again.

    What a person has `written` is shown as it is, and is no wider than its text.
    """

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        written: bool = False,
        muted: bool = False,
    ) -> None:
        super().__init__(theme, parent, written=written, muted=muted)
        self._natural = QSize(-1, -1)
        self._reader = BlockReader()
        self._counts: list[int] = []
        self._num_settled = 0  # parts that do not grow
        self._cut = hint_label("", self)
        self._cut.hide()

    def show_text(self, text: str, *, growing: bool = False) -> None:
        """Code that still grows is not highlighted yet."""
        shown = _beginning(text)
        self._show_missing(len(text) - len(shown))
        if self._written:
            unchanged, blocks = 0, [Block(shown, is_plain=True)]
            self._natural = QSize(self._natural_width(shown), -1)
        else:
            unchanged = self._reader.read(shown, growing=growing)
            blocks = self._reader.blocks
        new = [parts(block) for block in blocks[unchanged:]]
        first = len(self._rows) - sum(self._counts[unchanged:])
        self._counts[unchanged:] = map(len, new)
        self.show_parts(first, [part for some in new for part in some])
        self._want_colours(first, self._counts[-1] if growing and self._counts else 0)

    def heightForWidth(self, width: int) -> int:
        cut = 0 if self._cut.isHidden() else self._cut.heightForWidth(width)
        return super().heightForWidth(width) + cut

    def sizeHint(self) -> QSize:
        return self._natural

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the markers of lists and the bars of quotes."""
        painter = QPainter(self)
        painter.setFont(self.font())
        for number in self._between(event.rect().top(), event.rect().bottom()):
            widget = self._rows[number].widget
            if widget is not None:
                self._paint_signs(painter, number, widget.geometry())

    def _paint_signs(self, painter: QPainter, number: int, at: QRect) -> None:
        part, colours = self._rows[number].part, self._theme.colours
        for level in part.bars:
            is_first = not number or level not in self._rows[number - 1].part.bars
            above = 0 if is_first else part.gap
            left = level * self._left(Part("rule", depth=1)) + BAR
            bar = QRect(left, at.y() - above, BAR, at.height() + above)
            painter.fillRect(bar, QColor(colours.line))
        if part.marker:
            is_muted = self._muted or bool(part.bars)
            painter.setPen(QColor(colours.muted if is_muted else colours.text))
            line = QRect(0, at.y(), at.x() - CLEAR, line_height(self._theme) - 1)
            painter.drawText(
                line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, part.marker
            )

    def _place(self) -> None:
        super()._place()
        if not self._cut.isHidden():
            y, width = super().heightForWidth(self.width()), self.width()
            self._cut.setGeometry(0, y, width, self._cut.heightForWidth(width))

    def _want_colours(self, first: int, num_growing: int) -> None:
        """Have code from part `first` on highlighted, but for the last parts, which still grow."""
        end = len(self._rows) - num_growing
        first, self._num_settled = min(first, self._num_settled), end
        for row in self._rows[first:end]:
            block = row.part.code
            if row.part.kind == "code" and block is not None and row.wanted != block:
                row.wanted = block
                self._theme.highlighter.want(block, self._colour)

    def _colour(self, block: Block) -> None:
        if shiboken6.isValid(self):
            for number, row in enumerate(self._rows):
                if row.part.kind == "lines" and row.part.code == block:
                    self.lay_out_again(number)
            self.updateGeometry()

    def _show_missing(self, number: int) -> None:
        self._cut.setVisible(number > 0)
        if number > 0:
            self._cut.setText(
                self.tr(
                    "{count} more characters are not shown. Copy the message to get all of it."
                ).format(count=f"{number:,}")
            )

    def _natural_width(self, text: str) -> int:
        if len(text) > MAX_HUGGED:
            return WIDE
        document = OwnDocument()
        document.setDefaultFont(self.font())
        document.setDocumentMargin(0)
        document.setPlainText(visible(text, len(text)))
        return math.ceil(document.idealWidth()) + 2


def _beginning(text: str) -> str:
    """The part of the text that is shown."""
    text = text[:MAX_SHOWN]
    if text.count("\n") < MAX_LINES:
        return text
    return "\n".join(text.split("\n", MAX_LINES)[:MAX_LINES])
