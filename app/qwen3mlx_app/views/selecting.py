"""Select text across the labels of a conversation, and copy it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QAbstractScrollArea

from ..services.timers import single_shot
from .copying import copy_rich
from .markdown import BREAK
from .rich_text import OwnDocument, RichLabel, laid_out
from .table_cells import Cells, selected_cells

# Milliseconds between steps of scrolling while text is selected beyond the edge; pixels in a step.
DRAG, FASTEST = 30, 60
_LINE_ENDS = re.compile("[\u2028\u2029]")


class Selection(QObject):
    """What is selected of `labels()` in `area`, which are in the order in which they are read.

    Within the label where a drag began, Qt selects by itself. The labels from there to the pointer
    are selected here.
    """

    def __init__(self, labels: Callable[[], list[RichLabel]], area: QAbstractScrollArea) -> None:
        super().__init__(area)
        self._labels = labels
        self._area = area
        self._from: RichLabel | None = None
        self._to: RichLabel | None = None  # up to which labels are selected
        self._dragged_to = QPoint()
        self._again = single_shot(self, DRAG, self._drag)

    def begin(self, label: RichLabel | None) -> None:
        """A button was pressed, over a label or beside them: all else is no longer selected."""
        for other in self.selected():
            if other is not label:
                other.setSelection(0, 0)
        self._from = self._to = label

    def drag(self, place: QPoint) -> None:
        """The pointer was dragged to a place on the screen."""
        self._dragged_to = place
        self._drag()

    def end_drag(self) -> None:
        self._again.stop()

    def _drag(self) -> None:
        """Select to the pointer; beyond the edge, scroll until it comes back."""
        view = self._area.viewport()
        y = view.mapFromGlobal(self._dragged_to).y()
        beyond = min(y, 0) + max(y - view.height(), 0)
        if beyond:
            bar = self._area.verticalScrollBar()
            bar.setValue(bar.value() + max(-FASTEST, min(FASTEST, beyond)))
            self._again.start()
        self._extend(self._dragged_to)

    def _extend(self, place: QPoint) -> None:
        """Change what lies between where the pointer was and where it is."""
        labels = self._labels()
        end = _nearest(labels, place)
        if self._from not in labels or end is None:
            return
        start = labels.index(self._from)
        before = labels.index(self._to) if self._to in labels else start
        self._to = labels[end]
        first, last = min(start, end), max(start, end)
        for number in range(min(before, end), max(before, end) + 1):
            label = labels[number]
            if number == start:
                continue
            if number == end:
                _select_to(label, place, from_start=end > start)
            elif first < number < last:
                _select_all(label)
            elif label.hasSelectedText():
                label.setSelection(0, 0)

    def selected(self) -> list[RichLabel]:
        return [label for label in self._labels() if label.hasSelectedText()]

    def select_all(self, labels: Sequence[RichLabel]) -> None:
        """Select all text of some labels, and no other."""
        self.begin(None)
        for label in labels:
            _select_all(label)

    def copy(self) -> None:
        """Put what is selected on the clipboard, as text and as rich text."""
        labels = self.selected()
        if labels:
            text = "".join(map(_text, labels)).strip("\n")
            copy_rich(text, "".join(map(_rich, labels)))


def _text(label: RichLabel) -> str:
    cells = _cells(label)
    text = cells.text if cells is not None else _LINE_ENDS.sub("\n", label.selectedText())
    is_sign = label.lead.strip() != ""
    lead = "" if is_sign and label.selectionStart() > 0 else label.lead
    return lead + text.replace(BREAK, "") + "\n"


def _rich(label: RichLabel) -> str:
    document, cells, start = _document(label), _cells(label), label.selectionStart()
    cursor = QTextCursor(document)
    cursor.setPosition(cells.start if cells is not None else start)
    end = cells.end if cells is not None else start + len(label.selectedText())
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor.selection().toHtml().replace(BREAK, "")


def _cells(label: RichLabel) -> Cells | None:
    return selected_cells(_document(label), label.selectionStart(), label.selectedText())


def _nearest(labels: Sequence[RichLabel], place: QPoint) -> int | None:
    """The number of the label at the height of a place; None if none is on the screen."""
    shown = [number for number, label in enumerate(labels) if label.isVisible()]

    def bottom(number: int) -> int:
        return labels[number].mapToGlobal(QPoint(0, labels[number].height())).y()

    def distance(number: int) -> int:
        top = bottom(number) - labels[number].height()
        return max(top - place.y(), place.y() - bottom(number), 0)

    below = bisect_left(shown, place.y(), key=bottom)
    return min(shown[max(0, below - 1) : below + 1], key=distance, default=None)


def _select_to(label: RichLabel, place: QPoint, *, from_start: bool) -> None:
    """Select from one end of a label to a place."""
    document = _document(label)
    at = QPointF(label.mapFromGlobal(place))
    offset = document.documentLayout().hitTest(at, Qt.HitTestAccuracy.FuzzyHit)
    length = document.characterCount() - 1
    offset = min(max(offset, 0), length)
    label.setSelection(*((0, offset) if from_start else (offset, length - offset)))


def _select_all(label: RichLabel) -> None:
    label.setSelection(0, _document(label).characterCount() - 1)


def _document(label: RichLabel) -> OwnDocument:
    """A label's text as it is laid out: labels do not tell what is at a place."""
    document = laid_out(label.text(), label.font())
    document.setTextWidth(label.width())
    return document
