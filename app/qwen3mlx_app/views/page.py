"""The parts of pages: a scrolling column, and groups of rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from .beside import Beside
from .number_field import NumberField
from .plain import Label
from .scrolling import reserve_bar
from .tab_order import as_seen
from .theme import COLUMN, GAP, GAP_L, GAP_S, GAP_XL
from .widgets import hint_label, section

# The width of a row's field in pixels, and the least where there is no room.
FIELD, LEAST_FIELD = 240, 100


class Page(QWidget):
    """A heading above a scrolling column. Tab goes through it as it is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        reserve_bar(area)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the focus
        outer.addWidget(area)
        content = QWidget(area)
        content.setObjectName("page")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        area.setWidget(content)
        centre = QHBoxLayout(content)
        column = QWidget(content)
        column.setMaximumWidth(COLUMN + 2 * GAP_L)
        centre.addWidget(column)
        self.column = QVBoxLayout(column)
        self.column.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_XL)
        self.column.setSpacing(GAP)
        self._heading = Label("", column)
        self._heading.setObjectName("heading")
        self._heading.setWordWrap(True)
        self.column.addWidget(self._heading)
        self.column.addSpacing(GAP)

    def set_title(self, title: str) -> None:
        self._heading.setText(title)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Qt goes in the order in which widgets were made; parts of pages come and move later."""
        stops = as_seen(self)
        focused = self.window().focusWidget()
        place = stops.index(focused) if focused in stops else -1
        place += 1 if is_next else -1
        if focused in stops and 0 <= place < len(stops):
            reason = Qt.FocusReason
            stops[place].setFocus(reason.TabFocusReason if is_next else reason.BacktabFocusReason)
            return True
        is_moved = super().focusNextPrevChild(is_next)
        for _ in stops:  # until the page is left
            if not (is_moved and self.isAncestorOf(self.window().focusWidget())):
                break
            is_moved = super().focusNextPrevChild(is_next)
        return is_moved

    def add_section(self, title: str, widget: QWidget) -> Label:
        """Add a titled section; returns the label of its title."""
        if self.column.count() > 2:
            self.column.addSpacing(GAP_L)
        label = section(title, self)
        label.setWordWrap(True)
        self.column.addWidget(label)
        self.column.addWidget(widget)
        return label


class Group(QFrame):
    """Rows in a frame: a title at the left, a field at the right, lines between rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(GAP_L, GAP_S, GAP_L, GAP_S)
        self._rows.setSpacing(0)

    def add_row(self, title: str, field: QWidget | None = None, hint: str = "") -> Label:
        """Add a row; returns the label of its hint."""
        words = QWidget(self)
        lines = QVBoxLayout(words)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        name = Label(title, words)
        name.setWordWrap(True)
        lines.addWidget(name)
        below = hint_label(hint, words)
        below.setVisible(bool(hint))
        lines.addWidget(below)
        if isinstance(field, NumberField):
            lines.addWidget(field.show_refusal(words))
        self.add_widget(words if field is None else self._beside(words, field))
        return below

    def _beside(self, words: QWidget, field: QWidget) -> Beside:
        if isinstance(field, QAbstractButton):
            return Beside(words, field, self)
        field.setMinimumWidth(LEAST_FIELD)
        field.setMaximumWidth(FIELD)
        return Beside(words, field, self, FIELD)

    def add_widget(self, widget: QWidget) -> None:
        """Add a row with one widget of full width."""
        row = QVBoxLayout()
        row.setContentsMargins(0, GAP, 0, GAP)
        row.addWidget(widget)
        self.add_layout(row)

    def add_layout(self, layout: QHBoxLayout | QVBoxLayout) -> None:
        if self._rows.count():
            rule = QFrame(self)
            rule.setObjectName("rule")
            rule.setFixedHeight(1)
            self._rows.addWidget(rule)
        self._rows.addLayout(layout)
