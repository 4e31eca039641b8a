"""Parts of a message below each other, laid out in steps: what is seen first."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ..services.sums import Sums
from .markdown import Block
from .marking import Marks, count_marks
from .part_widgets import CodePart, PartWidget, RulePart, TablePart, TextPart, rich_text
from .parts import Part
from .rich_text import RichLabel
from .tab_order import TabPlace, put_after
from .table_columns import TableColumns
from .theme import Theme


class Anchor(NamedTuple):
    """A place in a column: a part's number, and the pixels from its top."""

    part: int
    offset: int


class _Row:
    """A part, its widget once it has been laid out, and its height at a width."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.widget: PartWidget | None = None
        self.shown: Part | None = None
        self.width = self.height = -1
        self.is_stale = False
        self.columns: TableColumns | None = None
        self.aligned: list[int] = []
        self.wanted: Block | None = None
        self.counted: tuple[Marks, int] | None = None

    def is_laid_out(self, width: int) -> bool:
        """Whether it is shown, even if it is to look different later."""
        return self.shown is not None and self.width == width

    def change(self, part: Part) -> None:
        """Show another part from the next layout on."""
        if part != self.part:
            self.shown = self.counted = None
            if part.kind != self.part.kind:
                self.drop()
        self.part = part

    def drop(self) -> None:
        if self.widget is not None:
            self.widget.hide()
            self.widget.deleteLater()
        self.widget = self.shown = None
        self.width = self.height = -1


class Column(QWidget):
    """Shows parts, of which any may change.

    `fill` lays out those within a range, `step` the others. Until then their heights are estimates,
    so that the work before the first paint does not depend on the length of the text. Later work
    depends on what has changed, or is seen, and not on how much there is.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None, *, written: bool = False, muted: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._muted = muted
        self._written = written
        self._tab = TabPlace(self)  # of its parts
        self._rows: list[_Row] = []
        self._made: list[int] = []  # the numbers of the rows that have widgets
        # Of each row: its height with the gap above it, whether it is to be laid out, and matches.
        self._extents, self._todo, self._matches = Sums(), Sums(), Sums()
        self._width = self.width()  # at which they are known
        self._unplaced = 0  # the first row that may be elsewhere than its widget
        self._marks: Marks | None = None
        self._current = -1
        self._seen = 0
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_parts(self, first: int, parts: list[Part]) -> None:
        """Replace the parts from number `first` on; what they were keeps its widget if it can."""
        while len(self._rows) > first + len(parts):
            self._rows.pop().drop()
        for number, part in enumerate(parts, first):
            if number < len(self._rows):
                self._rows[number].change(part)
            else:
                self._rows.append(_Row(part))
            if part.kind == "table":
                self._join_table(number)
        made = (place for place in range(first, len(self._rows)) if self._rows[place].widget)
        self._made[bisect_left(self._made, first) :] = made
        self._know(max(0, first - 1))  # the end of code may be there now
        self._place()
        self.update()
        self.updateGeometry()

    def fill(self, top: int, bottom: int) -> bool:
        """Lay out the parts between two positions; True if any was not laid out."""
        self._fit(self.width())
        number = self._seen = self._extents.find(max(0, top))
        y, is_changed = self._extents.before(number), False
        while number < len(self._rows) and y + self._gap(number) <= bottom:
            if not self._is_laid_out(number):
                self._lay_out(number)
                is_changed = True
            y += self._extents[number]
            number += 1
        if is_changed:
            self._place()
        return is_changed

    def step(self, end: float) -> bool:
        """Lay out more parts until `end`, by `time.perf_counter()`; False if nothing was left.

        First what was seen last and what follows it, and then upwards.
        """
        self._fit(self.width())
        is_changed = False
        while time.perf_counter() < end and (number := self._next()) is not None:
            self._lay_out(number)
            is_changed = True
        if is_changed:
            self._place()
        return is_changed

    def is_whole(self) -> bool:
        """Whether all parts are laid out."""
        self._fit(self.width())
        return self._todo.total == 0

    def labels(self) -> list[RichLabel]:
        """The labels with its text, from top to bottom, of the parts that have any yet."""
        return [label for number in self._made for label in self._labels(number)]

    def mark(self, marks: Marks | None, current: int) -> tuple[int, RichLabel | None]:
        """Mark matches; returns how many there are, and the label with number `current`.

        The part with the current match is laid out for that.
        """
        before, self._current = self._current, current
        if marks != self._marks:
            self._marks = marks
            self._matches.replace(0, map(self._count, self._rows))
            for number in self._made:
                self._mark(number)
        found = self._row_with(current)
        if found is not None and not self._is_laid_out(found):
            self._lay_out(found)
            self._place()
        for changed in (self._row_with(before), found):
            if changed is not None:
                self._mark(changed)
        labels = self._labels(found) if found is not None else []
        return self._matches.total, labels[-1] if labels else None

    def anchor(self, y: int) -> Anchor:
        """What is at a position."""
        number = max(0, min(self._extents.find(max(0, y)), len(self._rows) - 1))
        return Anchor(number, y - self._extents.before(number))

    def y_of(self, anchor: Anchor) -> int:
        """Where that is now."""
        return anchor.offset + self._extents.before(min(anchor.part, len(self._rows)))

    def heightForWidth(self, width: int) -> int:
        self._fit(width)
        return self._extents.total

    def sizeHint(self) -> QSize:
        return QSize(-1, -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self.width())
        self._place()

    def lay_out_again(self, number: int) -> None:
        """Lay out a part in one of the next steps: it is to look different."""
        self._rows[number].is_stale = True
        self._todo[number] = 1

    def _fit(self, width: int) -> None:
        """Know everything at this width."""
        if width != self._width:
            self._width = width
            self._know(0)

    def _know(self, first: int) -> None:
        """Take over what may have changed from a row on."""
        rest = range(first, len(self._rows))
        self._extents.replace(first, map(self._extent, rest))
        self._todo.replace(first, (not self._is_up_to_date(number) for number in rest))
        self._matches.replace(first, map(self._count, self._rows[first:]))
        self._unplaced = min(self._unplaced, first)

    def _between(self, top: int, bottom: int) -> range:
        """The rows between two positions."""
        end = min(self._extents.find(bottom) + 1, len(self._rows))
        return range(self._extents.find(max(0, top)), end)

    def _next(self) -> int | None:
        """The row to lay out next."""
        above = self._todo.before(self._seen)
        if self._todo.total > above:
            return self._todo.find(above)
        return self._todo.find(above - 1) if above else None

    def _left(self, part: Part) -> int:
        size = self._theme.font_size
        return part.depth * round(1.8 * size) + part.room * round(0.6 * size)

    def _span(self, part: Part, width: int) -> tuple[int, int]:
        """The left edge and the width of a part."""
        left = self._left(part)
        if part.kind != "lines":
            return left, width - left
        before, after, _ = CodePart.INSIDE
        return left + before, width - left - before - after

    def _gap(self, number: int) -> int:
        return self._rows[number].part.gap if number else 0

    def _below(self, number: int) -> int:
        """The rest of a code's frame below its last lines."""
        if self._rows[number].part.kind != "lines":
            return 0
        following = self._rows[number + 1].part.kind if number + 1 < len(self._rows) else ""
        return 0 if following == "lines" else CodePart.INSIDE[2]

    def _is_laid_out(self, number: int) -> bool:
        row = self._rows[number]
        return row.is_laid_out(self._span(row.part, self._width)[1])

    def _is_up_to_date(self, number: int) -> bool:
        return self._is_laid_out(number) and not self._rows[number].is_stale

    def _extent(self, number: int) -> int:
        return self._gap(number) + self._height(number) + self._below(number)

    def _height(self, number: int) -> int:
        row = self._rows[number]
        if row.height >= 0:  # at another width it is a good estimate
            return row.height
        return _estimate(row.part, self._span(row.part, self._width)[1], self._theme.font_size)

    def _lay_out(self, number: int) -> None:
        row = self._rows[number]
        if row.widget is None:
            row.widget = self._widget(row.part)
            self._put_in_tab_order(number, row.widget)
        if isinstance(row.widget, TablePart) and row.columns is not None:
            row.widget.join(row.columns, ends=not self._goes_on(number + 1))
        if row.shown is None or (row.is_stale and row.part.kind == "lines"):
            row.widget.show_part(row.part)
            row.shown = row.part
            self._realign(number)
        row.is_stale = False
        row.width = self._span(row.part, self._width)[1]
        row.height = row.widget.height_at(row.width)
        self._extents[number], self._todo[number] = self._extent(number), 0
        self._unplaced = min(self._unplaced, number)
        self._mark(number)

    def _goes_on(self, number: int) -> bool:
        """Whether a part is more of the table above."""
        part = self._rows[number].part if number < len(self._rows) else None
        return part is not None and part.kind == "table" and part.goes_on

    def _join_table(self, number: int) -> None:
        """More rows of a table have its columns."""
        row, above = self._rows[number], self._rows[number - 1]
        columns = above.columns if row.part.goes_on and number else None
        if columns is None:
            row.columns = row.columns if not row.part.goes_on else None
            row.columns = row.columns or TableColumns(self)
        elif row.columns is not columns:
            row.columns = columns
            columns.are_shared = above.is_stale = True

    def _realign(self, number: int) -> None:
        """If a column of a long table is wider now, lay out its other rows again."""
        columns = self._rows[number].columns
        if columns is None or not columns.are_shared:
            return
        first = number
        while first and self._rows[first - 1].columns is columns:
            first -= 1
        for place in range(first, len(self._rows)):
            row = self._rows[place]
            if row.columns is not columns:
                break
            if row.aligned != columns.widths:
                row.is_stale, row.aligned = row.shown is not None, columns.widths
                self._todo[place] = 1

    def _widget(self, part: Part) -> PartWidget:
        made: PartWidget
        if part.kind == "table":
            made = TablePart(self._theme, self, muted=self._muted)
        elif part.kind == "code":
            made = CodePart(self)
            made.lower()
        elif part.kind == "rule":
            made = RulePart(self)
        else:
            made = TextPart(self._theme, self, muted=self._muted, written=self._written)
        made.show()
        return made

    def _put_in_tab_order(self, number: int, widget: PartWidget) -> None:
        """Tab leads from part to part, in whichever order they were laid out."""
        place = bisect_left(self._made, number)
        above = self._rows[self._made[place - 1]].widget if place else None
        put_after((above.stops() or [above])[-1] if above is not None else self._tab, widget)
        self._made.insert(place, number)

    def _place(self) -> None:
        """Put the widgets where they belong, a frame around its lines."""
        first, width = min(self._unplaced, len(self._rows)), self.width()
        while 0 < first < len(self._rows) and self._rows[first].part.kind == "lines":
            first -= 1
        y = self._extents.before(first)
        frame: tuple[QWidget, QRect] | None = None
        for number in range(first, len(self._rows)):
            row = self._rows[number]
            y += self._gap(number)
            left, inner = self._span(row.part, width)
            height, below = self._height(number), self._below(number)
            if row.widget is not None and row.part.kind != "code":
                self._put(row.widget, QRect(left, y, inner, height))
            if row.part.kind == "code":
                frame = (row.widget, QRect(left, y, inner, height)) if row.widget else None
            y += height + below
            if below and frame is not None:
                widget, place = frame
                self._put(widget, place.adjusted(0, 0, 0, y - place.bottom() - 1))
        self._unplaced = len(self._rows)

    def _put(self, widget: QWidget, place: QRect) -> None:
        if widget.geometry() != place:
            widget.setGeometry(place)
            self.update()  # of what is painted beside it

    def _labels(self, number: int) -> list[RichLabel]:
        widget = self._rows[number].widget
        return widget.labels() if widget is not None else []

    def _mark(self, number: int) -> None:
        """Mark the matches in a row."""
        within = self._current - self._matches.before(number)
        current = within if 0 <= within < self._matches[number] else -1
        for label in self._labels(number):
            label.mark(self._marks, current)

    def _row_with(self, match: int) -> int | None:
        """The row with a match of this number."""
        return self._matches.find(match) if 0 <= match < self._matches.total else None

    def _count(self, row: _Row) -> int:
        marks = self._marks
        if marks is None:
            return 0
        if row.counted is None or row.counted[0] != marks:
            rich = rich_text(row.part, self._theme, written=self._written)
            row.counted = (marks, count_marks(rich, marks))
        return row.counted[1]


def _estimate(part: Part, width: int, size: int) -> int:
    """About the height of a part that is not laid out yet."""
    if part.kind in ("code", "rule"):
        return 2 * size if part.kind == "code" else 1
    if part.kind == "table":
        return round(2.5 * size) * part.html.count("<tr")
    text = part.source or part.html
    num_lines = text.count("\n") + 1 + len(text) * size // (4 * max(1, width))
    return round(num_lines * size * (1.5 if part.source else 1.65))
