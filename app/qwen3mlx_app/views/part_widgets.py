"""Widgets that show the parts of a message."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from .markdown import breakable
from .parts import Part
from .rich_text import BlockWidget, RichLabel, laid_out, text_style
from .theme import Theme

# A table's columns are at least so wide, in pixels, if their text is; a wider table scrolls.
COLUMN_WIDTH = 130
# Markers of lists as Markdown.
_SIGNS = {"•": "-", "◦": "-", "▪": "-", "☐": "- [ ]", "☑": "- [x]"}


class PartWidget(Protocol):
    """`show_part` updates it; `height_at` is its height for a width."""

    def show_part(self, part: Part, *, growing: bool) -> None: ...

    def height_at(self, width: int) -> int: ...

    def labels(self) -> list[RichLabel]: ...


class TextPart(RichLabel):
    def __init__(self, theme: Theme, parent: QWidget, *, muted: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._muted = muted
        self._measured = (-1, 0)

    def show_part(self, part: Part, *, growing: bool) -> None:
        self._measured = (-1, 0)
        sign = _SIGNS.get(part.marker, part.marker)
        self.lead = f"{'  ' * (part.depth - 1)}{sign} " if sign else "\n"
        style = text_style(self._theme, muted=self._muted or bool(part.bars))
        self.show_rich(style, breakable(part.html))

    def height_at(self, width: int) -> int:
        if self._measured[0] != width:
            self._measured = (width, self.heightForWidth(width))
        return self._measured[1]

    def labels(self) -> list[RichLabel]:
        return [self]


class TablePart(QScrollArea):
    """A table or a formula, as wide as its text; what the window does not hold is scrolled to.

    Only the text of a table is wrapped, as far as its columns stay legible.
    """

    def __init__(self, theme: Theme, parent: QWidget, *, muted: bool = False) -> None:
        super().__init__(parent)
        self._text = TextPart(theme, self, muted=muted)
        self._natural = self._least = 0
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Table"))
        self.setWidget(self._text)

    def show_part(self, part: Part, *, growing: bool) -> None:
        document = laid_out(text_style(self._theme) + part.html, self.font())
        self._natural = int(document.idealWidth()) + 4
        columns = part.html.partition("</tr>")[0].count("<th")
        self._least = min(self._natural, columns * COLUMN_WIDTH) if columns else self._natural
        self._text.show_part(part, growing=growing)

    def height_at(self, width: int) -> int:
        """Sets the table's width, too."""
        wide = min(self._natural, max(width, self._least))
        height = self._text.height_at(wide)
        self._text.resize(wide, height)
        bar = self.horizontalScrollBar().sizeHint().height() if wide > width else 0
        return height + bar

    def labels(self) -> list[RichLabel]:
        return [self._text]

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up and down scroll the conversation."""
        if abs(event.angleDelta().y()) > abs(event.angleDelta().x()):
            event.ignore()
        else:
            super().wheelEvent(event)


class CodePart(BlockWidget):
    def show_part(self, part: Part, *, growing: bool) -> None:
        assert part.code is not None
        self.show_block(part.code, growing=growing)


class RulePart(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("rule")

    def show_part(self, part: Part, *, growing: bool) -> None:
        pass

    def height_at(self, width: int) -> int:
        return 1

    def labels(self) -> list[RichLabel]:
        return []
