"""What the settings do with the past: retention with a question, backups with a list."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox, QListView
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers.retention import DAY
from qwen3mlx_app.domain import Conversation
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.restore_sheet import RestoreSheet

from ..controllers.support import shown
from .support import answer_with, ask, button, named, program_of, trigger, visible_texts


def add_old(window: MainWindow, days: int) -> None:
    program, then = program_of(window), time.time() - days * DAY
    one = Conversation(title=f"{days} days", created_at=then, updated_at=then)
    program.store.save_conversation(one)
    program.conversations.upsert(one)


def choose(window: MainWindow, text: str) -> None:
    window.show_page("settings")
    box: Any = named(window, QComboBox, "Delete conversations after")
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def titles(window: MainWindow) -> list[str]:
    return [one.title for one in program_of(window).conversations.conversations.values()]


@pytest.mark.parametrize("agrees", [True, False])
def test_it_is_said_before_the_first_is_deleted(
    window: MainWindow, agrees: bool, qtbot: QtBot
) -> None:
    for days in (40, 50, 5):
        add_old(window, days)
    asked = answer_with(window, "Delete" if agrees else "Cancel")
    choose(window, "30 days")
    assert "2 conversations have not been used for 30 days" in asked[0]
    box: Any = named(window, QComboBox, "Delete conversations after")
    assert box.currentText() == ("30 days" if agrees else "Never")
    left = ["5 days"] if agrees else ["5 days", "40 days", "50 days"]
    qtbot.waitUntil(lambda: titles(window) == left)  # some at a time, between other events
    if agrees:
        undo = window.session.undo
        qtbot.waitUntil(lambda: undo.last is not None and undo.last.kind == "delete_conversation")
        trigger(window, "Undo Delete Conversation")
        assert len(titles(window)) == 3
        assert box.currentText() == "Never"


def test_nothing_is_asked_where_nothing_is_deleted(window: MainWindow) -> None:
    add_old(window, 40)
    choose(window, "90 days")
    assert program_of(window).settings.settings.delete_after == "90"
    assert titles(window) == ["40 days"]
    trigger(window, "Undo Change Setting")
    assert program_of(window).settings.settings.delete_after == "never"


def sheet(window: MainWindow) -> RestoreSheet:
    found = [one for one in window.findChildren(RestoreSheet) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def rows(within: RestoreSheet) -> list[str]:
    model = within.findChildren(QListView)[0].model()
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


def back_up(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(program_of(window).backups._done):
        program_of(window).backups.back_up()


def test_a_backup_is_chosen_from_a_list_and_restored(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Then")
    back_up(window, qtbot)
    trigger(window, "New Conversation")
    ask(window, qtbot, "Later")
    trigger(window, "Restore From Backup…")
    opened = sheet(window)
    assert len(rows(opened)) == 1
    assert rows(opened)[0].endswith(": 1 conversation")
    with qtbot.waitSignal(program_of(window).backups.restored):
        button(opened, "Restore").click()
        assert not window.isEnabled()  # nothing may be written meanwhile
    assert window.isEnabled()
    assert titles(window) == ["Then"]
    assert "The backup was restored." in visible_texts(window)
    with qtbot.waitSignal(program_of(window).backups.restored):
        button(window.notices, "Undo").click()
    assert set(titles(window)) == {"Then", "Later"}
    window.open(program_of(window).conversations.conversations.value(0).id)
    assert shown(program_of(window))[0] == ("user", "Later")
    trigger(window, "Restore From Backup…")
    assert sorted(text.partition("(")[2] for text in rows(sheet(window))) == [
        "",
        "before a restore)",
        "before a restore)",
    ]
    button(sheet(window), "Cancel").click()


def test_without_a_backup_it_says_when_there_will_be_one(window: MainWindow) -> None:
    window.show_page("settings")
    button(window, "Restore from a backup").click()
    assert any("no backup yet" in text for text in visible_texts(sheet(window)))
    assert not button(sheet(window), "Restore").isEnabled()
    button(sheet(window), "Cancel").click()


def test_backups_are_listed_in_chinese(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Then")
    back_up(window, qtbot)
    with qtbot.waitSignal(window.rebuilt):
        program_of(window).settings.update(language="zh_CN")
    opened = RestoreSheet(program_of(window).backups, window)
    opened.show()
    assert rows(opened)[0].endswith("：1 个对话")
    opened.close()
