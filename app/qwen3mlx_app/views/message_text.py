"""A message's text: its parts below each other, with the signs of lists and quotes beside them."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ..services.plain import visible
from .markdown import Block, BlockReader
from .part_widgets import CodePart, PartWidget, RulePart, TablePart, TextPart
from .parts import Part, parts
from .rich_text import OwnDocument, RichLabel, line_height
from .theme import Theme
from .widgets import hint_label

# Longer text is cut on screen; copying and saving have all of it.
MAX_SHOWN, MAX_LINES = 200_000, 5000
# The most characters of a bubble that hugs its text; longer ones take the whole width.
MAX_HUGGED = 1000
WIDE = 10_000
# Pixels: of a quote's bar, and between a list's marker and its text.
BAR, CLEAR = 3, 8


class MessageText(QWidget):
    """Markdown that may grow: only its last parts are rebuilt, measured and placed again.

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
        super().__init__(parent)
        self._theme = theme
        self._muted = muted
        self._written = written
        self._natural = QSize(-1, -1)
        self._reader = BlockReader()
        self._parts: list[Part] = []
        self._counts: list[int] = []
        self._widgets: list[PartWidget] = []
        self._cut = hint_label("", self)
        self._cut.hide()
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_text(self, text: str, *, growing: bool = False) -> None:
        shown = _beginning(text)
        self._show_missing(len(text) - len(shown))
        if self._written:
            unchanged, blocks = 0, [Block(shown, is_plain=True)]
            self._natural = QSize(self._natural_width(shown), -1)
        else:
            unchanged = self._reader.read(shown, growing=growing)
            blocks = self._reader.blocks
        new = [parts(block) for block in blocks[unchanged:]]
        self._counts[unchanged:] = map(len, new)
        first = sum(self._counts[:unchanged])
        self._show_parts(first, [part for some in new for part in some], growing=growing)
        self.updateGeometry()
        self._place()
        self.update()

    def labels(self) -> list[RichLabel]:
        """The labels with its text, from top to bottom."""
        return [label for widget in self._widgets for label in widget.labels()]

    def heightForWidth(self, width: int) -> int:
        height = 0
        for place, (part, widget) in enumerate(zip(self._parts, self._widgets, strict=True)):
            height += (part.gap if place else 0) + widget.height_at(width - self._left(part))
        if not self._cut.isHidden():
            height += self._cut.heightForWidth(width)
        return height

    def sizeHint(self) -> QSize:
        return self._natural

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the markers of lists and the bars of quotes."""
        painter = QPainter(self)
        painter.setFont(self.font())
        step, seen = self._left(Part("rule", depth=1)), event.rect()
        for place, (part, widget) in enumerate(zip(self._parts, self._widgets, strict=True)):
            assert isinstance(widget, QWidget)
            at = widget.geometry()
            if not at.adjusted(-at.x(), -part.gap, 0, 0).intersects(seen):
                continue
            for level in part.bars:
                above = part.gap if place and level in self._parts[place - 1].bars else 0
                bar = QRect(level * step + BAR, at.y() - above, BAR, at.height() + above)
                painter.fillRect(bar, QColor(self._theme.colours.line))
            if part.marker:
                colours = self._theme.colours
                is_muted = self._muted or bool(part.bars)
                painter.setPen(QColor(colours.muted if is_muted else colours.text))
                line = QRect(0, at.y(), at.x() - CLEAR, line_height(self._theme) - 1)
                painter.drawText(
                    line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, part.marker
                )

    def _left(self, part: Part) -> int:
        return part.depth * round(1.8 * self._theme.font_size)

    def _show_parts(self, first: int, new: list[Part], *, growing: bool) -> None:
        while len(self._widgets) > first + len(new):
            self._drop(len(self._widgets) - 1)
        for place, part in enumerate(new, first):
            before = self._parts[place] if place < len(self._parts) else None
            if before is not None and before.kind != part.kind:
                self._drop(place)
                before = None
            if before is None:
                self._insert(place, part)
            is_last = place == first + len(new) - 1
            is_growing = growing and is_last
            if part != before or (part.kind == "code" and not is_growing):
                self._widgets[place].show_part(part, growing=is_growing)
            self._parts[place] = part

    def _insert(self, place: int, part: Part) -> None:
        widget: TextPart | TablePart | CodePart | RulePart
        if part.kind == "text":
            widget = TextPart(self._theme, self, muted=self._muted)
        elif part.kind == "table":
            widget = TablePart(self._theme, self, muted=self._muted)
        elif part.kind == "rule":
            widget = RulePart(self)
        else:
            assert part.code is not None
            widget = CodePart(part.code, self._theme, self, written=self._written)
        self._widgets.insert(place, widget)
        self._parts.insert(place, part)
        widget.show()

    def _drop(self, place: int) -> None:
        widget = self._widgets.pop(place)
        del self._parts[place]
        assert isinstance(widget, QWidget)
        widget.hide()
        widget.deleteLater()

    def _place(self) -> None:
        y, width = 0, self.width()
        for place, (part, widget) in enumerate(zip(self._parts, self._widgets, strict=True)):
            y += part.gap if place else 0
            left = self._left(part)
            height = widget.height_at(width - left)
            assert isinstance(widget, QWidget)
            widget.setGeometry(left, y, width - left, height)
            y += height
        if not self._cut.isHidden():
            self._cut.setGeometry(0, y, width, self._cut.heightForWidth(width))

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
