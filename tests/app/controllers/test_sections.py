"""The sidebar's rows follow what they show."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.sections import Sections
from qwen3mlx_app.domain import Conversation, Folder
from qwen3mlx_app.models import ListModel
from qwen3mlx_app.models.sections import Heading, Line

Chats = ListModel[Conversation]
Folders = ListModel[Folder]


@pytest.fixture
def chats() -> Chats:
    return ListModel[Conversation](lambda one: one.id, lambda one: one.title)


@pytest.fixture
def folders() -> Folders:
    return ListModel[Folder](lambda one: one.id, lambda one: one.name)


@pytest.fixture
def sections(chats: Chats, folders: Folders) -> Sections:
    made = Sections(chats, folders)
    QAbstractItemModelTester(
        made.rows, QAbstractItemModelTester.FailureReportingMode.Fatal, made.rows
    )
    return made


def keys(sections: Sections) -> list[str]:
    return [
        row.key if isinstance(row, Heading) else row.conversation.id
        for row in sections.rows.values()
    ]


def chat(key: str, **fields: object) -> Conversation:
    now = time.time()
    return Conversation(id=key, created_at=now, updated_at=now, **fields)  # type: ignore[arg-type]


def test_they_follow_conversations_and_folders(
    sections: Sections, chats: Chats, folders: Folders, qtbot: QtBot
) -> None:
    chats.put(chat("a"))
    folders.put(Folder(id="f", name="Work"))
    qtbot.waitUntil(lambda: keys(sections) == ["folder f", "today", "a"])
    chats.put(chat("a", folder_id="f"))
    qtbot.waitUntil(lambda: keys(sections) == ["folder f", "a"])
    folders.remove("f")
    qtbot.waitUntil(lambda: keys(sections) == ["today", "a"])
    chats.reset([])
    qtbot.waitUntil(lambda: keys(sections) == [])


def test_several_changes_are_shown_at_once(sections: Sections, chats: Chats, qtbot: QtBot) -> None:
    refreshed: list[int] = []
    sections.refreshed.connect(lambda: refreshed.append(sections.rows.rowCount()))
    for number in range(20):
        chats.put(chat(f"c{number}"))
    qtbot.waitUntil(lambda: bool(refreshed))
    assert refreshed == [21]


def test_folding_is_told_and_can_be_set(sections: Sections, chats: Chats, qtbot: QtBot) -> None:
    chats.put(chat("a"))
    sections.refresh()
    with qtbot.waitSignal(sections.folded_changed) as told:
        sections.toggle("today")
    assert told.args == [["today"]]
    assert keys(sections) == ["today"]
    sections.toggle("today")
    assert keys(sections) == ["today", "a"]
    sections.set_folded(["today", "folder that is gone"])
    assert keys(sections) == ["today"]


def test_where_an_answer_is_written(sections: Sections, chats: Chats) -> None:
    for key in "ab":
        chats.put(chat(key))
    sections.set_busy(["b"])
    busy = {row.conversation.id: row.is_busy for row in sections.rows.values() if type(row) is Line}
    assert busy == {"a": False, "b": True}
    sections.set_busy([])
    assert not any(row.is_busy for row in sections.rows.values() if type(row) is Line)


def test_an_autosave_among_thousands_tells_of_one_row(
    sections: Sections, chats: Chats, qtbot: QtBot
) -> None:
    now = time.time()
    chats.reset(
        [
            Conversation(id=f"c{number}", created_at=0.0, updated_at=now - 7200.0 * number)
            for number in range(5000)
        ]
    )
    sections.refresh()
    told: list[tuple[int, int]] = []
    sections.rows.dataChanged.connect(lambda a, b: told.append((a.row(), b.row())))
    for signal in (sections.rows.rowsInserted, sections.rows.rowsRemoved, sections.rows.rowsMoved):
        signal.connect(lambda *_: told.append((-1, -1)))
    saved = chats.find("c3000")
    assert saved is not None
    with qtbot.waitSignal(sections.refreshed):
        chats.put(replace(saved, draft="written"))
    row = sections.rows.row_of("c3000")
    assert told == [(row, row)]
