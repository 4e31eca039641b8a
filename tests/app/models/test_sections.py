"""Every conversation stands once, under the heading that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from qwen3mlx_app.domain import Conversation, Folder
from qwen3mlx_app.models.sections import (
    Heading,
    Line,
    SidebarModel,
    SidebarRow,
    dragged,
    folder_key,
    row_text,
    sidebar_rows,
)

TODAY = date(2026, 3, 15)
FOLDERS = [Folder(id="f", name="Work"), Folder(id="g", name="Home")]


def moment(days_ago: float, at: time = time(12)) -> float:
    return (datetime.combine(TODAY, at) - timedelta(days=days_ago)).timestamp()


def chat(key: str, updated_at: float = 0.0, **fields: object) -> Conversation:
    known = {"id": key, "title": key, "created_at": 0.0, "updated_at": updated_at, **fields}
    return Conversation(**known)  # type: ignore[arg-type]


def rows(
    chats: Sequence[Conversation],
    folders: Sequence[Folder] = (),
    *,
    folded: frozenset[str] = frozenset(),
    busy: frozenset[str] = frozenset(),
) -> list[SidebarRow]:
    return sidebar_rows(chats, folders, folded=folded, busy=busy, today=TODAY)


def keys(made: Sequence[SidebarRow]) -> list[str]:
    return [row.key if isinstance(row, Heading) else row.conversation.id for row in made]


@pytest.mark.parametrize(
    ("updated_at", "heading"),
    [
        (moment(-400), "today"),  # a clock that was wrong
        (moment(0, time(0)), "today"),
        (moment(1, time(23, 59, 59)), "yesterday"),
        (moment(1, time(0)), "yesterday"),
        (moment(2, time(23, 59, 59)), "week"),
        (moment(7, time(0)), "week"),
        (moment(8, time(23, 59, 59)), "month"),
        (moment(30, time(0)), "month"),
        (moment(31, time(23, 59, 59)), "earlier 2026-02"),
        (moment(43, time(0)), "earlier 2026-01"),
        (moment(365), "earlier 2025-03"),
        (0.0, f"earlier {datetime.fromtimestamp(0):%Y-%m}"),
    ],
)
def test_by_time(updated_at: float, heading: str) -> None:
    assert keys(rows([chat("a", updated_at)])) == [heading, "a"]


def test_pinned_and_folders_come_first_and_empty_folders_are_there() -> None:
    chats = [
        chat("a", moment(0), folder_id="g"),
        chat("b", moment(0)),
        chat("c", moment(1), pinned=True, folder_id="g"),
        chat("d", moment(2), folder_id="deleted"),
    ]
    made = rows(chats, FOLDERS, busy=frozenset("b"))
    assert keys(made) == ["pinned", "c", "folder f", "folder g", "a", "today", "b", "week", "d"]
    assert [row.conversation.id for row in made if isinstance(row, Line) and row.is_busy] == ["b"]


def test_what_is_folded_is_counted() -> None:
    chats = [chat("a", moment(0)), chat("b", moment(0)), chat("c", moment(1))]
    made = rows(chats, folded=frozenset(["today"]))
    assert keys(made) == ["today", "yesterday", "c"]
    assert made[0] == Heading(kind="today", num_below=2, is_folded=True)


conversations = st.lists(
    st.builds(
        chat,
        st.sampled_from("abcdefghij"),
        st.one_of(st.floats(0, moment(-3)), st.integers(0, 800).map(moment)),
        pinned=st.booleans(),
        folder_id=st.sampled_from([None, None, "f", "g", "deleted"]),
    ),
    unique_by=lambda one: one.id,
)
folded_keys = st.frozensets(st.sampled_from(["pinned", "folder f", "today", "week"]))


@given(conversations, st.permutations(FOLDERS), folded_keys)
def test_every_one_once_in_its_order_below_the_right_heading(
    chats: list[Conversation], folders: list[Folder], folded: frozenset[str]
) -> None:
    made = rows(chats, folders, folded=folded)
    assert len(set(keys(made))) == len(made)
    heading = None
    below: dict[str, list[Conversation]] = {}
    for row in made:
        if isinstance(row, Heading):
            heading = row
            below[row.key] = []
        else:
            assert heading is not None
            assert (row.heading, row.kind) == (heading.key, heading.kind)
            below[heading.key].append(row.conversation)
    for heading in [row for row in made if isinstance(row, Heading)]:
        assert heading.is_folded == (heading.key in folded)
        assert len(below[heading.key]) == (0 if heading.is_folded else heading.num_below)
        assert below[heading.key] == [one for one in chats if one in below[heading.key]]
        assert heading.num_below or heading.folder is not None
    assert sum(row.num_below for row in made if isinstance(row, Heading)) == len(chats)
    for one in (one for members in below.values() for one in members):
        place = next(key for key, members in below.items() if one in members)
        assert (place == "pinned") == one.pinned
        if not one.pinned:
            assert place.startswith("folder") == (one.folder_id in ("f", "g"))
            assert not place.startswith("folder") or place == folder_key(one.folder_id or "")


@given(conversations, conversations)
def test_the_model_tells_views_the_truth(
    before: list[Conversation], after: list[Conversation]
) -> None:
    model = SidebarModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    for chats in (before, after):
        model.set_values(rows(chats, FOLDERS))
        assert model.values() == rows(chats, FOLDERS)
    for row in model.values():
        expected = row.key if isinstance(row, Heading) else row.heading
        assert model.heading_of(row).key == expected


def test_one_that_is_used_moves_and_nothing_else() -> None:
    chats = [chat(f"c{number}", moment(number)) for number in range(40)]
    model = SidebarModel()
    model.set_values(rows(chats))
    told: list[str] = []
    model.rowsMoved.connect(lambda *_: told.append("moved"))
    model.rowsInserted.connect(lambda _, first, last: told.append(f"{last - first + 1} came"))
    model.rowsRemoved.connect(lambda _, first, last: told.append(f"{last - first + 1} went"))
    model.modelReset.connect(lambda: told.append("reset"))
    used = replace(chats[20], updated_at=moment(0, time(13)))
    model.set_values(rows([used, *chats[:20], *chats[21:]]))
    assert told == ["moved"]


def test_what_can_be_done_with_each_row() -> None:
    model = SidebarModel()
    model.set_values(rows([chat("a", moment(0))], FOLDERS[:1]))
    flag = Qt.ItemFlag

    def can(row: int) -> tuple[bool, bool, bool, bool]:
        flags = model.flags(model.index(row))
        wanted = (flag.ItemIsSelectable, flag.ItemIsEditable, flag.ItemIsDragEnabled)
        return (*(bool(flags & one) for one in wanted), bool(flags & flag.ItemIsDropEnabled))

    assert keys(model.values()) == ["folder f", "today", "a"]
    assert can(0) == (False, True, False, True)
    assert can(1) == (False, False, False, True)
    assert can(2) == (True, True, True, True)
    assert model.flags(QModelIndex()) & flag.ItemIsDropEnabled


def test_conversations_are_dragged_and_headings_are_not() -> None:
    model = SidebarModel()
    model.set_values(rows([chat("a", moment(0)), chat("b", moment(0))]))
    data = model.mimeData([model.index(row) for row in range(3)])
    assert dragged(data) == ["a", "b"]
    data.clear()
    data.setText("something else")
    assert dragged(data) == []


def test_what_is_heard_of_a_row() -> None:
    chats = [chat("a", moment(0)), chat("b", moment(0)), chat("c", moment(1))]
    model = SidebarModel()
    model.set_values(rows(chats, folded=frozenset(["yesterday"]), busy=frozenset("b")))
    role = Qt.ItemDataRole.AccessibleTextRole
    assert [model.data(model.index(row), role) for row in range(model.rowCount())] == [
        "Today",
        "a",
        "b, generating",
        "Yesterday, collapsed, conversations: 1",
    ]


def test_what_is_read_in_a_row() -> None:
    chats = [chat("a", moment(0), title=""), chat("b", moment(40)), chat("c", moment(3))]
    texts = [row_text(row) for row in rows(chats, FOLDERS[:1])]
    assert texts == ["Work", "Today", "Untitled", "February 2026", "b", "Previous 7 Days", "c"]
