"""A table says what its list says, at every moment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from qwen3mlx_app.models import ListModel
from qwen3mlx_app.models.table import Column, Table

Value = tuple[int, str]
lists = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), unique_by=lambda v: v[0])


def make() -> tuple[ListModel[Value], Table[Value]]:
    rows = ListModel[Value](lambda value: value[0], lambda value: value[1])
    columns: list[Column[Value]] = [
        Column("Number", lambda value: str(value[0]), True),
        Column("Name", lambda value: value[1], tip=lambda value: value[1] * 2),
    ]
    table = Table(rows, columns)
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    return rows, table


def cells(table: Table[Value]) -> list[Value]:
    rows = range(table.rowCount())
    texts = [[table.index(row, column).data() for column in (0, 1)] for row in rows]
    return [(int(number), name) for number, name in texts]


@given(st.lists(lists, min_size=2, max_size=5))
def test_it_follows_the_list(qapp: object, states: list[list[Value]]) -> None:
    rows, table = make()
    rows.reset(states[0])
    for state in states[1:]:
        rows.set_values(state)
        assert cells(table) == state


def test_titles_sides_tips_and_values(qtbot: QtBot) -> None:
    rows, table = make()
    rows.reset([(7, "a")])
    across = Qt.Orientation.Horizontal
    assert [table.headerData(column, across) for column in (0, 1)] == ["Number", "Name"]
    assert table.index(0, 0).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert table.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == "aa"
    assert table.index(0, 1).data(ListModel.VALUE) == (7, "a")
    assert table.headerData(5, across) is None
