"""Figures on one line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ..services.plain import one_line
from .plain import Label, set_tip

_BETWEEN = " · "


class Figures(Label):
    """Shows as many as there is room for, from the first on; a tip has them all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", parent)
        self._figures: list[str] = []
        self.setObjectName("muted")
        self.setMinimumWidth(1)

    def show_figures(self, figures: Sequence[str]) -> None:
        """The most important are first."""
        self._figures = list(figures)
        self.setAccessibleName(one_line(_BETWEEN.join(figures)))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        texts = [_BETWEEN.join(self._figures[:number]) for number in range(len(self._figures) + 1)]
        metrics, room = self.fontMetrics(), max(0, self.contentsRect().width())
        shown = [text for text in texts if metrics.horizontalAdvance(text) <= room][-1]
        if shown != self.text():
            self.setText(shown)
        set_tip(self, "" if shown == texts[-1] else texts[-1])
