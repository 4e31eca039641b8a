"""Notices: a place that moves nothing, and an end when their cause is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Notice, ServerState
from qwen3mlx_app.services.store import StoreError
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.notice_bar import NoticeCard

from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, button, program_of, trigger, visible_texts, write


@pytest.fixture(autouse=True)
def settings_of_the_server(fake: FakeEndpoint) -> None:
    """Replies without which there would be notices from the start."""
    saved = dict.fromkeys(("memory_limit", "prefix_cache", "max_running", "max_waiting"))
    rest = {"port": 1234, "source": "hf", "allow_origin": [], "ttl": 0}
    settings = {"saved": {**saved, **rest}}
    for path, reply in (
        ("keys", {"keys": [], "required": False}),
        ("settings", {**settings, "restart_needed": 0}),
    ):
        fake.replies[f"/api/qwen3mlx/{path}"] = (200, json.dumps(reply).encode())


def place(part: QWidget) -> QRect:
    """Where it is seen on the screen."""
    return part.visibleRegion().boundingRect().translated(part.mapToGlobal(QPoint()))


def test_a_notice_moves_nothing_that_is_read_or_written(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A long answer. " * 400)]
    ask(window, qtbot, "Hi")
    chat = window.chat
    chat.messages.lay_out()
    end = chat.messages._cards.values()[-1]
    parts: list[QWidget] = [window, chat, chat.composer, chat.composer.text]
    before = [place(part) for part in parts], place(end).bottom()
    program_of(window).notices.add(Notice(text="It failed. " * 40, kind="error"))
    program_of(window).notices.add(Notice(text="And again", kind="warning"))
    qtbot.waitUntil(lambda: len(visible_texts(window.notices)) == 2)
    qtbot.waitUntil(lambda: not place(chat.messages).intersects(place(window.notices)))
    chat.messages.lay_out()
    assert ([place(part) for part in parts], place(end).bottom()) == before
    for label in window.notices.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())
    panel = window.notices.parentWidget()
    assert panel.rect().contains(window.notices.geometry())
    window.resize(480, 500)
    qtbot.waitUntil(lambda: panel.rect().contains(window.notices.geometry()))
    button(window.notices, "Dismiss").click()
    assert len(visible_texts(window.notices)) == 1


@pytest.mark.parametrize("size", [(1000, 700), (480, 500)])
def test_a_notice_covers_nothing(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    window.resize(*size)
    ask(window, qtbot, "Hi")
    for page in ("chat", "models", "tools", "quantize", "server", "settings"):
        window.show_page(page)
        program_of(window).notices.add(Notice(text=f"On {page}", kind="warning", topic="one"))
        qtbot.waitUntil(lambda page=page: f"On {page}" in visible_texts(window.notices))
        QApplication.sendPostedEvents()
        window.chat.messages.lay_out()
        notice = place(window.notices)
        parts = [*window.page.findChildren(QLabel), *window.page.findChildren(QAbstractButton)]
        seen = [one for one in parts if one.isVisible() and not place(one).isEmpty()]
        assert seen
        assert [one for one in seen if place(one).intersects(notice)] == [], page
    for one in program_of(window).notices.shown:
        program_of(window).notices.dismiss(one)
    assert window.pages.contentsMargins().bottom() == 0


@pytest.mark.parametrize("size", [(1000, 700), (480, 500)])
def test_four_long_notices_leave_half_of_each_page(
    window: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.resize(*size)
    ask(window, qtbot, "Hi")
    for number in range(4):
        text = f"{number} failed. " + "Nobody knows why it went so badly wrong. " * 12
        program_of(window).notices.add(Notice(text=text, kind="error"))
    panel = window.notices.parentWidget()
    for page in ("chat", "models", "tools", "quantize", "server", "settings"):
        window.show_page(page)
        qtbot.waitUntil(lambda: not place(window.notices).isEmpty())
        assert window.notices.height() <= panel.height() // 2
        area: QWidget = window.chat.messages
        if page != "chat":
            area = window.page.findChildren(QScrollArea)[0]
        qtbot.waitUntil(lambda area=area: not place(area).intersects(place(window.notices)))
        assert place(area).height() > panel.height() // 8, page
    for number in (3, 2, 1, 0):  # the latest is in sight, then the others
        qtbot.waitUntil(lambda: not place(window.notices.findChildren(NoticeCard)[-1]).isEmpty())
        cards = window.notices.findChildren(NoticeCard)
        assert cards[-1].notice.text.startswith(str(number))
        button(cards[-1], "Dismiss").click()
        qtbot.waitUntil(lambda n=number: len(visible_texts(window.notices)) == n)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_five_refusals_are_named_until_the_question_is_sent(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    names = [f"picture-{number}.bin" for number in range(5)]
    for name in names:
        (tmp_path / name).write_bytes(b"\0\1\2")
    program_of(window).chat.attach([tmp_path / name for name in names])
    qtbot.waitUntil(lambda: all(name in "".join(visible_texts(window.notices)) for name in names))
    assert len(visible_texts(window.notices)) == 1
    write(window, qtbot, "Never mind")
    assert not window.notices.isVisible()


def test_more_refusals_than_there_is_room_for_are_counted(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    names = [f"picture-{number}.bin" for number in range(11)]
    for name in names:
        (tmp_path / name).write_bytes(b"\0\1\2")
    program_of(window).chat.attach([tmp_path / name for name in names])
    qtbot.waitUntil(lambda: "3 more files were refused." in "".join(visible_texts(window.notices)))
    program_of(window).chat.new()
    assert not window.notices.isVisible()


def test_undo_by_the_menu_takes_its_notice_away(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Keep me")
    program = program_of(window)
    program.conversations.delete([program.conversations.conversations.value(0).id])
    assert window.notices.isVisible()
    program.undo.undo_last()
    assert program.conversations.conversations.rowCount() == 1
    assert not window.notices.isVisible()


def test_a_notice_about_the_server_goes_when_it_is_back(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    program.process._set(ServerState(phase="stopped"))
    program.models.load("demo")
    qtbot.waitUntil(window.notices.isVisible)
    assert button(window.notices, "Start Server")
    program.process._set(ServerState(phase="ready", url=fake.url))
    assert not window.notices.isVisible()


def test_a_notice_about_saving_goes_when_it_works_again(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(window, qtbot, "Hi")
    program = program_of(window)
    [known] = program.conversations.conversations.values()

    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(program.store, "save_conversation", full)
        program.conversations.rename(known.id, "One")
        program.conversations.rename(known.id, "Two")
    assert visible_texts(window.notices) == ["The disk is full."]
    program.conversations.rename(known.id, "Three")
    assert not window.notices.isVisible()


def test_the_menu_has_an_undo(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Keep me")
    program = program_of(window)
    program.conversations.delete([program.conversations.conversations.value(0).id])
    trigger(window, "Undo Delete Conversation")
    assert not window.notices.isVisible()
