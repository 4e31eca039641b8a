"""Scroll bars that always have their space, so that nothing moves when one is needed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea


def reserve_bar(area: QAbstractScrollArea) -> None:
    """Keep the space of the vertical bar, which is disabled, thus unseen, where all fits."""
    bar = area.verticalScrollBar()
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    bar.rangeChanged.connect(lambda least, most: bar.setEnabled(most > least))
    bar.setEnabled(bar.maximum() > bar.minimum())
