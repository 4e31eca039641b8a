"""Views hear of what changed, in an order in which it is always true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from qwen3mlx_app.models import ListModel

Value = tuple[int, str]
lists = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), unique_by=lambda v: v[0])


def make(values: list[Value]) -> ListModel[Value]:
    model = ListModel[Value](lambda value: value[0], lambda value: value[1])
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.reset(values)
    return model


class Mirror:
    """What a view would show that believes every signal and nothing else."""

    def __init__(self, model: ListModel[Value]) -> None:
        self.model = model
        self.rows = model.values()
        self.moves = 0
        model.rowsInserted.connect(self._insert)
        model.rowsRemoved.connect(self._remove)
        model.rowsMoved.connect(self._move)
        model.dataChanged.connect(self._change)

    def _insert(self, _: QModelIndex, first: int, last: int) -> None:
        for row in range(first, last + 1):
            self.rows.insert(row, self.model.value(row))

    def _remove(self, _: QModelIndex, first: int, last: int) -> None:
        del self.rows[first : last + 1]

    def _move(self, _: QModelIndex, source: int, last: int, __: QModelIndex, target: int) -> None:
        self.moves += 1
        self.rows.insert(target - (target > source), self.rows.pop(source))

    def _change(self, first: QModelIndex, last: QModelIndex) -> None:
        for row in range(first.row(), last.row() + 1):
            self.rows[row] = self.model.value(row)


@given(lists, lists)
def test_any_list_becomes_any_other(before: list[Value], after: list[Value]) -> None:
    model = make(before)
    mirror = Mirror(model)
    model.set_values(after)
    assert model.values() == mirror.rows == after
    assert [model.row_of(value[0]) for value in after] == list(range(len(after)))


@given(lists, st.lists(st.tuples(st.sampled_from(["put", "remove", "first"]), st.integers(0, 9))))
def test_single_changes(before: list[Value], changes: list[tuple[str, int]]) -> None:
    model = make(before)
    mirror = Mirror(model)
    for change, key in changes:
        if change == "put":
            model.put((key, "c"))
        elif change == "remove":
            model.remove(key)
        elif model.row_of(key) < 0:
            model.insert_first((key, "d"), limit=5)
    assert model.values() == mirror.rows
    assert all(model.find(value[0]) == value for value in model.values())


def test_only_the_row_that_changed_is_told(qtbot: QtBot) -> None:
    model = make([(1, "a"), (2, "b"), (3, "c")])
    with qtbot.waitSignal(model.dataChanged) as told:
        model.set_values([(1, "a"), (2, "B"), (3, "c")])
    assert (told.args[0].row(), told.args[1].row()) == (1, 1)


def fewest_moves(before: list[int], after: list[int]) -> int:
    """By trying: the longest part of `after` that keeps its order stays."""
    places = [before.index(key) for key in after]
    longest: list[int] = []
    for place, number in enumerate(places):
        longest.append(1 + max((longest[i] for i in range(place) if places[i] < number), default=0))
    return len(places) - max(longest, default=0)


@given(st.permutations(range(12)))
def test_no_more_rows_move_than_must(after: list[int]) -> None:
    model = make([(key, "a") for key in range(12)])
    mirror = Mirror(model)
    model.set_values([(key, "a") for key in after])
    assert model.values() == mirror.rows
    assert mirror.moves == fewest_moves(list(range(12)), after)


def test_neighbours_come_and_go_together(qtbot: QtBot) -> None:
    model = make([(key, "a") for key in range(10)])
    with qtbot.waitSignal(model.rowsRemoved) as removed:
        model.set_values([(key, "a") for key in (0, 1, 8, 9)])
    assert removed.args[1:] == [2, 7]
    with qtbot.waitSignal(model.rowsInserted) as inserted:
        model.set_values([(key, "a") for key in range(10)])
    assert inserted.args[1:] == [2, 7]


def test_roles() -> None:
    model = make([(1, "a")])
    index = model.index(0)
    assert model.data(index, Qt.ItemDataRole.DisplayRole) == "a"
    assert model.data(index, model.VALUE) == (1, "a")
    assert model.data(index, Qt.ItemDataRole.DecorationRole) is None
    assert model.data(QModelIndex(), model.VALUE) is None
    assert model.roleNames()[model.VALUE] == b"value"
    assert model.find(7) is None
