"""Two windows of one profile: the same conversations, each open in one of them, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.controllers import attachment_loader
from qwen3mlx_app.models.sections import Line
from qwen3mlx_app.services.attachments import read_attachment
from qwen3mlx_app.services.store import Store
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint, answer, delta, ending
from .support import answer_with, ask, seen, trigger, visible_texts, windows_of, write


@pytest.fixture
def other(window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """The second window, in front."""
    trigger(window, "New Window")
    found = windows_of(window).front
    assert found is not window
    qtbot.waitUntil(found.isActiveWindow)
    yield found
    if shiboken6.isValid(found):
        if len(window.program.sessions) > 1:
            close(found, qtbot)
        else:  # the program ended, and the first window was closed before this one
            shiboken6.delete(found)


def listed(window: MainWindow) -> list[str]:
    window.program.sections.refresh()
    rows = window.program.sections.rows.values()
    return [row.conversation.title for row in rows if isinstance(row, Line)]


def open_id(window: MainWindow) -> str:
    assert window.session.chat.conversation is not None
    return window.session.chat.conversation.id


def texts(window: MainWindow) -> list[str]:
    return [row.message.content for row in window.session.chat.messages.values()]


def activate(window: MainWindow, qtbot: QtBot) -> None:
    window.come_to_front()
    qtbot.waitUntil(lambda: window.program.front is window.session)


def close(window: MainWindow, qtbot: QtBot) -> None:
    assert window.close()
    qtbot.waitUntil(lambda: not shiboken6.isValid(window))


def answered(window: MainWindow, qtbot: QtBot, text: str) -> str:
    """The id of a conversation that begins with this question in the window."""
    window.new()
    with qtbot.waitSignal(window.session.chat.finished):
        write(window, qtbot, text)
    return open_id(window)


def test_both_show_the_same_conversations_and_each_its_own(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    first = answered(window, qtbot, "Asked here")
    second = answered(other, qtbot, "Asked there")
    assert sorted(listed(window)) == ["Asked here", "Asked there"]
    assert window.sidebar.list.chosen() == [first]
    assert other.sidebar.list.chosen() == [second]
    other.program.conversations.rename(first, "Named there")
    assert window.windowTitle() == "Named there"
    assert other.windowTitle() == "Asked there"
    window.sidebar.search.setText("asked")
    qtbot.waitUntil(lambda: window.session.search.hits.rowCount() == 2)
    assert other.session.search.hits.rowCount() == 0
    other.program.conversations.delete([first])
    assert texts(window) == []
    assert window.session.search.hits.rowCount() == 1


def test_a_conversation_that_is_open_elsewhere_brings_that_window_to_the_front(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    here = answered(window, qtbot, "Asked here")
    there = answered(other, qtbot, "Asked there")
    activate(other, qtbot)
    window.show_page("models")
    other.open(here)
    qtbot.waitUntil(window.isActiveWindow)
    assert (open_id(window), open_id(other)) == (here, there)
    assert window.page is window.chat
    activate(window, qtbot)
    window.sidebar.search.setText("there")
    qtbot.waitUntil(lambda: window.session.search.hits.rowCount() == 1)
    window.open_hit(window.session.search.hits.value(0))
    qtbot.waitUntil(other.isActiveWindow)
    qtbot.waitUntil(other.chat.find_bar.isVisible)
    assert not window.chat.find_bar.isVisible()


def test_both_stream_at_once(
    window: MainWindow, other: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    for one in (window, other):
        fake.script = [[delta(content=f"To {id(one)}"), may_end, ending()]]
        write(one, qtbot, "Go")
        qtbot.waitUntil(lambda one=one: f"To {id(one)}" in seen(one))
    with qtbot.waitSignals([window.session.chat.busy_changed, other.session.chat.busy_changed]):
        may_end.set()
    assert texts(window) == ["Go", f"To {id(window)}"]
    assert texts(other) == ["Go", f"To {id(other)}"]


def test_an_answer_goes_on_when_its_window_is_closed(
    window: MainWindow, other: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    may_end = threading.Event()
    fake.script = [[delta(content="Half"), may_end, delta(content=" and half"), ending()]]
    write(other, qtbot, "Go")
    qtbot.waitUntil(lambda: "Half" in seen(other))
    begun = open_id(other)
    other.session.chat.drafts.set_text("and then")
    close(other, qtbot)
    assert window.program.sessions == [window.session]
    window.open(begun)
    assert "Half" in seen(window)
    assert window.session.chat.is_busy
    assert window.chat.composer.text.toPlainText() == "and then"
    with qtbot.waitSignal(window.session.chat.finished):
        may_end.set()
    assert texts(window) == ["Go", "Half and half"]
    assert window.program.store.messages(begun)[-1].content == "Half and half"


def test_closing_one_keeps_the_other(
    window: MainWindow, other: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    gone = answered(other, qtbot, "To be deleted")
    activate(other, qtbot)
    other.program.conversations.delete([gone])
    close(other, qtbot)
    assert window.isVisible()
    window.program.settings.update(theme="dark", font_size=20)
    window.program.conversations.add_folder("Work")
    ask(window, qtbot, "Still here?")
    trigger(window, "Undo Delete Conversation")  # of the window that is gone
    assert open_id(window) == gone
    trigger(window, "New Window")
    another = windows_of(window).front
    close(window, qtbot)
    assert another.isVisible()
    ask(another, qtbot, "And now?")
    another.close()
    shiboken6.delete(another)


def test_the_last_one_is_saved_as_before(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    answered(other, qtbot, "Asked there")
    shown = answered(window, qtbot, "Asked here")
    close(other, qtbot)
    window.close()
    assert window.program.settings.settings.last_conversation_id == shown
    assert window.program.sessions == [window.session]


def test_what_concerns_all_is_told_in_front_alone(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    activate(window, qtbot)
    window.program.settings.change("Theme", theme="dark")
    assert "Theme was changed." in visible_texts(window.notices)
    assert "Theme was changed." not in visible_texts(other.notices)
    activate(other, qtbot)
    other.program.conversations.add_folder("New Folder")
    assert other.sidebar.list.state() == other.sidebar.list.State.EditingState
    assert window.sidebar.list.state() != window.sidebar.list.State.EditingState


def test_an_undo_takes_the_conversation_from_the_window_that_has_it(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    chat = answered(window, qtbot, "Asked here")
    window.session.chat.deletion.delete(window.session.chat.path[-1].id)
    window.new()
    other.open(chat)
    assert texts(other) == ["Asked here"]
    other.session.chat.drafts.set_text("half a question")
    trigger(window, "Undo Delete Message")
    assert texts(window) == ["Asked here", "Hello!"]
    assert window.chat.composer.text.toPlainText() == "half a question"
    assert texts(other) == []
    assert open_id(other) != chat


def test_a_file_that_is_read_keeps_its_window_and_its_conversation(
    window: MainWindow,
    other: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_read = threading.Event()

    def slowly(path: Path, program: object) -> object:
        assert may_read.wait(20)
        return read_attachment(path, window.program.command)

    monkeypatch.setattr(attachment_loader, "read_attachment", slowly)
    (tmp_path / "notes.txt").write_text("of mine")
    other.session.chat.attach([tmp_path / "notes.txt"])
    other.session.chat.drafts.set_text("About this")
    reading = open_id(other)
    other.new()
    assert not other.close()
    assert any("still being read" in text for text in visible_texts(other.notices))
    window.open(reading)
    assert open_id(other) == reading
    assert open_id(window) != reading
    may_read.set()
    qtbot.waitUntil(lambda: len(other.chat.composer.attachments) == 1)
    close(other, qtbot)
    window.open(reading)
    assert [one.name for one in window.chat.composer.attachments] == ["notes.txt"]


def test_a_temporary_chat_goes_with_its_window(
    window: MainWindow, other: MainWindow, qtbot: QtBot
) -> None:
    trigger(other, "New Temporary Chat")
    ask_in(other, qtbot, "My secret")
    left = open_id(other)
    qtbot.keyClicks(other.chat.composer.text, "unfinished")
    asked = answer_with(other, "Discard Chat")
    close(other, qtbot)
    assert len(asked) == 1
    stores = window.program.stores
    assert stores.of(left).transcript(left) is None
    assert listed(window) == []


def ask_in(window: MainWindow, qtbot: QtBot, text: str) -> None:
    with qtbot.waitSignal(window.session.chat.finished):
        write(window, qtbot, text)


def test_language_and_theme_reach_both(window: MainWindow, other: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignals([window.rebuilt, other.rebuilt]):
        window.program.settings.update(language="zh_CN", theme="dark")
    for one in (window, other):
        assert one.chat.composer.text.placeholderText() == "向 Qwen 提问…"
        assert one.theme.is_dark
    assert windows_of(window).tray.menu.tr("Show Window") == "显示窗口"


def test_a_restore_leaves_what_is_open_in_both(
    window: MainWindow, other: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    backups = window.program.backups
    first = answered(window, qtbot, "Then")
    with qtbot.waitSignal(backups._done):
        backups.back_up()
    answered(other, qtbot, "Later")
    [backup] = backups.listed()
    with qtbot.waitSignal(backups.restored):
        backups.restore(backup.path)
        assert not window.isEnabled()
        assert not other.isEnabled()
    assert (texts(window), texts(other)) == ([], [])
    assert listed(window) == ["Then"]
    other.open(first)
    assert texts(other) == ["Then", "Hello!"]


def test_all_of_them_end_with_the_program(
    window: MainWindow, other: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("A"), answer("B")]
    answered(window, qtbot, "One")
    answered(other, qtbot, "Two")
    other.session.chat.drafts.set_text("half")
    program = window.program
    QApplication.closeAllWindows()
    qtbot.waitUntil(lambda: len(program.sessions) == 1)
    program.close()
    store = Store(program.profile / "conversations.sqlite")
    assert {one.title: one.draft for one in store.conversations()} == {"One": "", "Two": "half"}
    store.close()
