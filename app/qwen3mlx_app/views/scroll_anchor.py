"""Keeps visible rows in place while rows above them come, go and move."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPersistentModelIndex, QPoint, SignalInstance
from PySide6.QtWidgets import QListView


class ScrollAnchor(QObject):
    """Works while a list is scrolled down; at the very top, new rows are shown.

    `settled` must be emitted after each set of changes of the model.
    """

    def __init__(self, view: QListView, settled: SignalInstance) -> None:
        super().__init__(view)
        self._view = view
        self._held: list[tuple[QPersistentModelIndex, int]] = []
        model = view.model()
        model.rowsAboutToBeInserted.connect(self._hold)
        model.rowsAboutToBeRemoved.connect(self._hold)
        model.rowsAboutToBeMoved.connect(self._hold_but)
        settled.connect(self._let_go)

    def _hold(self) -> None:
        """Remember all visible rows, since some may be removed."""
        view, bar = self._view, self._view.verticalScrollBar()
        if self._held or bar.value() == 0:
            return
        index = view.indexAt(QPoint(view.viewport().width() // 2, 1))
        bottom = view.viewport().height()
        while index.isValid() and (top := view.visualRect(index).top()) < bottom:
            self._held.append((QPersistentModelIndex(index), top))
            index = index.siblingAtRow(index.row() + 1)

    def _hold_but(self, parent: object, first: int, last: int) -> None:
        """Remember all visible rows except those that move."""
        self._hold()
        self._held = [held for held in self._held if not first <= held[0].row() <= last]

    def _let_go(self) -> None:
        staying = [(index, top) for index, top in self._held if index.isValid()]
        self._held = []
        if not staying:
            return
        (index, top), bar = staying[0], self._view.verticalScrollBar()
        self._view.doItemsLayout()
        self._view.updateGeometries()
        now = self._view.visualRect(self._view.model().index(index.row(), 0)).top()
        bar.setValue(bar.value() + now - top)
