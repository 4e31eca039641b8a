"""Scroll bars that always have their space, and scrolling to a widget."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


def reserve_bar(area: QAbstractScrollArea) -> None:
    """Keep the space of the vertical bar, which is disabled, thus unseen, where all fits.

    So nothing moves when it is needed.
    """
    bar = area.verticalScrollBar()
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    bar.rangeChanged.connect(lambda least, most: bar.setEnabled(most > least))
    bar.setEnabled(bar.maximum() > bar.minimum())


def reveal(area: QAbstractScrollArea, widget: QWidget) -> None:
    """Scroll to a widget that has the focus but is out of sight."""
    top = widget.mapTo(area.viewport(), QPoint(0, 0)).y()
    page, bar = area.viewport().height(), area.verticalScrollBar()
    if top + min(widget.height(), page) > page:
        bar.setValue(bar.value() + top + min(widget.height(), page) - page)
    elif top + widget.height() <= 0:
        bar.setValue(bar.value() + top)
