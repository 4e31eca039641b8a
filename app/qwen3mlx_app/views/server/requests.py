"""The tables of active and past requests."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ...domain import LogEntry, RunningRequest
from ...models import ListModel
from ...models.table import Column, Table
from ...services.timers import single_shot
from ..fields import NoScrollComboBox
from ..page import Group
from ..sizes import count_text
from ..theme import GAP, Theme
from ..widgets import hint_label

LOG_HEIGHT = 300
# Pixels of a row beside its text.
AROUND = 12
# Pixels of the widest column, and the least of the one that takes the rest.
WIDEST, LEAST = 260, 220


class RunningGroup(Group):
    """The active requests, whoever sent them."""

    def __init__(
        self, running: ListModel[RunningRequest], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._running = running
        columns: list[Column[RunningRequest]] = [
            Column(self.tr("Model"), lambda one: one.model),
            Column(self.tr("Client"), lambda one: one.client or one.address or "–"),
            Column(self.tr("Status"), self._state),
            Column(self.tr("Tokens"), lambda one: count_text(one.completion_tokens), True),
            Column(self.tr("Tokens/s"), lambda one: f"{one.tokens_per_second or 0:.0f}", True),
            Column(self.tr("Seconds"), lambda one: f"{one.age:.0f}", True),
        ]
        self._table = table_view(Table(running, columns, self), self.tr("Active requests"), self)
        self._none = hint_label(self.tr("No active requests"), self)
        column = QVBoxLayout()
        column.setContentsMargins(0, GAP, 0, GAP)
        column.addWidget(self._none)
        column.addWidget(self._table)
        self.add_layout(column)
        for signal in (running.rowsInserted, running.rowsRemoved, running.dataChanged):
            signal.connect(self._show)
        running.modelReset.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        count = self._running.rowCount()
        self._none.setVisible(not count)
        self._table.setVisible(bool(count))
        self._table.setFixedHeight((min(count, 8) + 1) * self._table.row_height + 4)

    def _state(self, one: RunningRequest) -> str:
        if one.phase == "waiting":
            return self.tr("Queued")
        if one.phase == "decode":
            return self.tr("Generating")
        percent = round(100 * one.prefilled_tokens / max(1, one.prompt_tokens))
        return self.tr("Prefill {percent}%").format(percent=percent)


class LogGroup(Group):
    """The log of past requests, the latest first."""

    def __init__(
        self, log: ListModel[LogEntry], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        columns: list[Column[LogEntry]] = [
            Column(self.tr("Time"), _time),
            Column(self.tr("Status"), lambda one: str(one.status or "–")),
            Column(self.tr("Request"), _request, tip=_request),
            Column(self.tr("Model"), lambda one: one.model or "", tip=lambda one: one.model or ""),
            Column(self.tr("Prompt"), lambda one: _count(one.prompt_tokens), True),
            Column(self.tr("Cached"), lambda one: _count(one.cached_tokens), True),
            Column(self.tr("Output"), lambda one: _count(one.completion_tokens), True),
            Column(self.tr("ms"), lambda one: f"{one.ms:,.0f}", True),
            Column(self.tr("Client"), lambda one: one.client, tip=lambda one: one.client),
        ]
        self._proxy = LogFilter(self)
        self._proxy.setSourceModel(Table(log, columns, self))
        self._text = QLineEdit(self)
        self._text.setPlaceholderText(self.tr("Filter by path, client, or model"))
        self._text.setAccessibleName(self.tr("Filter requests"))
        self._text.setClearButtonEnabled(True)
        self._text.textChanged.connect(self._proxy.set_text)
        self._kind = NoScrollComboBox(self)
        self._kind.setAccessibleName(self.tr("Status"))
        for text, kind in (
            (self.tr("All"), ""),
            (self.tr("Succeeded"), "good"),
            (self.tr("Failed"), "bad"),
        ):
            self._kind.addItem(text, kind)
        self._kind.currentIndexChanged.connect(
            lambda: self._proxy.set_kind(self._kind.currentData())
        )
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._kind)
        table = table_view(self._proxy, self.tr("Request log"), self, stretched=2)
        table.setFixedHeight(LOG_HEIGHT)
        column = QVBoxLayout()
        column.setContentsMargins(0, GAP, 0, GAP)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(table)
        self.add_layout(column)


class FittingTable(QTableView):
    """Columns as wide as what is seen of them, within bounds; one takes the rest of the width.

    Where that would leave too little of it, the table scrolls. Rows are as high as the text needs.
    """

    def __init__(self, stretched: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._stretched = stretched
        self._soon = single_shot(self, 0, self.fit)

    def follow(self, model: QAbstractItemModel) -> None:
        for signal in (model.rowsInserted, model.rowsRemoved, model.dataChanged, model.modelReset):
            signal.connect(self._soon.start)
        self.fit()

    def fit(self) -> None:
        header = self.horizontalHeader()
        widths = [
            min(WIDEST, max(self.sizeHintForColumn(column), header.sectionSizeHint(column)))
            for column in range(header.count())
        ]
        others = sum(widths) - widths[self._stretched]
        widths[self._stretched] = max(LEAST, self.viewport().width() - others)
        for column, width in enumerate(widths):
            if header.sectionSize(column) != width:
                header.resizeSection(column, width)

    @property
    def row_height(self) -> int:
        return self.fontMetrics().height() + AROUND

    def fit_rows(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self.row_height)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit_rows()
            self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class LogFilter(QSortFilterProxyModel):
    """Requests that contain a text, of kind `good`, `bad` or, if empty, any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._kind = ""

    def set_text(self, text: str) -> None:
        self._text = text.casefold()
        self.invalidate()

    def set_kind(self, kind: str) -> None:
        self._kind = kind
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        entry = self.sourceModel().index(row, 0, parent).data(ListModel.VALUE)
        if self._kind and (self._kind == "good") != _is_good(entry):
            return False
        texts = (entry.method, entry.path, entry.model, entry.client, str(entry.status))
        return any(self._text in (text or "").casefold() for text in texts)


def table_view(
    model: Table[LogEntry] | Table[RunningRequest] | QSortFilterProxyModel,
    name: str,
    parent: QWidget,
    stretched: int = 0,
) -> FittingTable:
    """A table that selects whole rows; the column `stretched` takes the remaining width."""
    view = FittingTable(stretched, parent)
    view.setModel(model)
    view.setAccessibleName(name)
    view.setShowGrid(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.fit_rows()
    header = view.horizontalHeader()
    header.setAccessibleName(name)
    header.setHighlightSections(False)
    view.follow(model)
    return view


def _is_good(entry: LogEntry) -> bool:
    return entry.status is not None and entry.status < 400


def _time(entry: LogEntry) -> str:
    return datetime.fromtimestamp(entry.time).strftime("%H:%M:%S")


def _request(entry: LogEntry) -> str:
    return f"{entry.method} {entry.path}"


def _count(number: int | None) -> str:
    return "" if number is None else count_text(number)
