"""What stands in the conversation, from the moment of sending to an answer's end and after."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import (
    AnswerStats,
    Attachment,
    Conversation,
    Message,
    Role,
    ToolCall,
    Transcript,
    new_id,
)
from qwen3mlx_app.views.fold import Fold
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.message_card import MessageCard
from qwen3mlx_app.views.message_text import MessageText

from ..controllers.support import last
from ..fake_endpoint import FakeEndpoint, answer, delta, ending, event
from .support import ask, button, program_of, seen, visible_texts, write


def counted(total: int, thinking: int) -> bytes:
    """What the server says of an answer's tokens so far."""
    details = {"reasoning_tokens": thinking}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": total,
        "completion_tokens_details": details,
    }
    return event({"choices": [], "usage": usage})


def cards(window: MainWindow) -> list[MessageCard]:
    """Those on screen, from the top."""
    messages = window.chat.messages
    messages.lay_out()
    QApplication.processEvents()
    found = [one for one in messages.viewport().findChildren(MessageCard) if one.isVisible()]
    return sorted(found, key=lambda card: card.y())


def is_seen(within: QWidget, text: str) -> bool:
    """Whether a label says `text` and has room for it."""
    return any(
        text in label.text() and label.isVisible() and not label.visibleRegion().isEmpty()
        for label in within.findChildren(QLabel)
    )


def head(window: MainWindow) -> Fold:
    """The head of the last message's thinking, which is on screen."""
    fold = cards(window)[-1].findChildren(Fold)[0]
    assert not fold.visibleRegion().isEmpty()
    return fold


def told(window: MainWindow, *messages: dict[str, object]) -> list[Message]:
    """Open a conversation that came from elsewhere."""
    conversation_id, now = new_id(), time.time()
    made: list[Message] = []
    for number, fields in enumerate(messages):
        parent = made[-1].id if made else None
        made.append(
            Message(
                conversation_id=conversation_id,
                parent_id=parent,
                created_at=now + number,
                **fields,  # type: ignore[arg-type]
            )
        )
    conversation = Conversation(
        id=conversation_id, leaf_id=made[-1].id, created_at=now, updated_at=now
    )
    program = program_of(window)
    program.store.add([Transcript(conversation=conversation, messages=tuple(made))])
    program.chat.open(conversation_id)
    return made


def said(content: str = "", role: Role = "assistant", **fields: object) -> dict[str, object]:
    return {"role": role, "content": content, **fields}


def test_thinking_is_seen_from_its_first_token(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    thought = delta(reasoning_content="Let me **see**")
    fake.script = [[thought, counted(7, 7), go_on, delta(content="Yes."), ending()]]
    write(window, qtbot, "Is it?")
    qtbot.waitUntil(lambda: last(program_of(window)).reasoning != "")
    qtbot.waitUntil(lambda: head(window).text().startswith("Thinking…"))
    qtbot.waitUntil(lambda: "7 tokens" in head(window).text())
    assert not is_seen(window.chat.messages, "see")
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "<strong>see</strong>"))
    before = head(window).text()
    qtbot.waitUntil(lambda: head(window).text() != before)  # time goes on without a token
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    assert head(window).text().startswith("Thought for")
    assert is_seen(window.chat.messages, "Yes.")


def test_thinking_that_was_stopped_stays(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[delta(reasoning_content="Half a thought"), counted(7, 7), go_on]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: last(program_of(window)).reasoning != "")
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Stop").click()
    go_on.set()
    assert "7 tokens" in head(window).text()
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Half a thought"))
    for name in ("Continue", "Copy Message", "Regenerate"):
        assert not button(cards(window)[-1], name).visibleRegion().isEmpty()


@pytest.mark.parametrize("stats", [None, AnswerStats(thinking_s=2.0, reasoning_tokens=1234)])
@pytest.mark.parametrize("reason", [None, "length"])
def test_thinking_alone_is_an_answer(
    window: MainWindow, qtbot: QtBot, stats: AnswerStats | None, reason: str | None
) -> None:
    thought = said(reasoning="Only thought", stats=stats, finish_reason=reason)
    told(window, said("Why?", "user"), thought)
    title = "Thoughts" if stats is None else "Thought for 2.0 s, 1,234 tokens"
    assert head(window).text() == title
    head(window).click()
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Only thought"))
    assert ("length limit" in seen(window)) == (reason == "length")


def test_an_answer_stopped_before_its_first_word_has_its_buttons(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    go_on = threading.Event()
    fake.script = [[go_on]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "Queued…"))
    with qtbot.waitSignal(program_of(window).chat.finished):
        button(window, "Stop").click()
    go_on.set()
    assert is_seen(window.chat.messages, "stopped")
    for name in ("Continue", "Copy Message", "Regenerate", "Delete from Here"):
        assert not button(cards(window)[-1], name).visibleRegion().isEmpty()


def test_what_an_answer_waits_for_stands_where_it_will_come(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program, go_on, write_on = program_of(window), threading.Event(), threading.Event()
    program.chat.answers.set_server_ready(False)
    words = [delta(content="word "), counted(1, 0), delta(content="word "), counted(200, 0)]
    fake.script = [[b": prefill 1024/4096\n\n", go_on, *words, write_on, ending()]]
    write(window, qtbot, "Go")
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "Waiting for the server…"))
    program.chat.answers.set_server_ready(True)
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "Reading the prompt… 1,024 of 4,096 tokens"))
    program.chat.new()
    assert program.chat.messages.rowCount() == 0
    program.chat.open(last_conversation(window))
    assert is_seen(cards(window)[-1], "1,024 of 4,096")
    go_on.set()
    qtbot.waitUntil(lambda: is_seen(cards(window)[-1], "tokens/s"))
    with qtbot.waitSignal(program.chat.finished):
        write_on.set()


def last_conversation(window: MainWindow) -> str:
    running = program_of(window).chat.answers
    return next(
        one.id
        for one in program_of(window).conversations.conversations.values()
        if one.id in running
    )


def test_what_a_person_wrote_is_shown_as_it_was_written(window: MainWindow, qtbot: QtBot) -> None:
    text = "# one *two*\n  - three  &amp; \\(x\\)\n\n\n<b>four</b>\t`five`"
    told(window, said(text, "user"))
    label = next(one for one in cards(window)[0].findChildren(QLabel) if "five" in one.text())
    assert selected(label, qtbot) == text


def test_lines_of_an_answer_stay_lines(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Q", "user"), said("one\ntwo"))
    label = next(one for one in cards(window)[1].findChildren(QLabel) if "two" in one.text())
    assert selected(label, qtbot) == "one\ntwo"


def selected(label: QLabel, qtbot: QtBot) -> str:
    """All of its text, as it would be copied."""
    label.setFocus()
    qtbot.keyClick(label, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    return label.selectedText().replace("\u2029", "\n").replace("\u2028", "\n").rstrip(" ")


def test_a_file_name_is_not_markup(window: MainWindow) -> None:
    notes = Attachment(name="<b>a</b>&amp;.txt", kind="text", text="x", num_bytes=1)
    told(window, said("Q", "user", attachments=(notes,)))
    assert "▤ <b>a</b>&amp;.txt" in visible_texts(cards(window)[0])
    labels = [one for one in cards(window)[0].findChildren(QLabel) if "▤" in one.text()]
    assert labels[0].textFormat() == Qt.TextFormat.PlainText


def test_a_question_and_its_answer_take_little_room(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    told(window, said("Hi?", "user"), said("Yes."), said("And?", "user"), said("No."))
    heights = [card.height() for card in cards(window)]
    assert heights[0] + heights[1] <= 130
    assert heights[2] + heights[3] <= 130


def test_each_answer_names_its_model(window: MainWindow) -> None:
    told(window, said("Hi?", "user"), said("Yes.", model="Qwen3-8B"), said("No.", model="x<b>"))
    assert is_seen(cards(window)[1], "Qwen3-8B")
    assert is_seen(cards(window)[2], "x<b>")


def test_the_focus_shows_the_actions_of_a_message(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes."))
    card = cards(window)[0]
    names = {"Copy Message", "Edit Message", "Regenerate"}
    assert not names & shown_buttons(card)
    card.setFocus()
    qtbot.waitUntil(lambda: names <= shown_buttons(card))
    first = cards(window)[0].height()
    window.chat.composer.text.setFocus()
    qtbot.waitUntil(lambda: not names & shown_buttons(card))
    assert cards(window)[0].height() == first


def shown_buttons(card: QWidget) -> set[str]:
    return {one.accessibleName() for one in card.findChildren(QWidget) if one.isVisible()}


def test_copying_gives_a_tick(window: MainWindow, qtbot: QtBot) -> None:
    told(window, said("Hi?", "user"), said("Yes *so*.\n\n```\ncode\n```"))
    for name, text in (("Copy code", "code"), ("Copy Message", "Yes *so*.\n\n```\ncode\n```")):
        copy = button(cards(window)[-1], name)
        copy.click()
        assert QGuiApplication.clipboard().text() == text
        assert copy.accessibleName() == copy.toolTip() == "Copied"
        qtbot.waitUntil(lambda copy=copy, name=name: copy.accessibleName() == name)


def menu_at(window: MainWindow, widget: QWidget) -> list[str]:
    """The menu that a right click in the middle of a widget opens."""
    texts: list[str] = []

    def read() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        texts.extend(action.text() for action in menu.actions() if action.text())
        menu.close()

    QTimer.singleShot(0, read)
    place = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    return texts


def test_a_right_click_anywhere_on_a_message_opens_its_menu(
    window: MainWindow, qtbot: QtBot
) -> None:
    call = ToolCall(id="a", name="look", arguments="{}")
    thinks = said("Yes.\n\n```\ncode\n```", reasoning="Hm", tool_calls=(call,), error="Oh")
    told(window, said("Hi?", "user"), thinks)
    for fold in cards(window)[1].findChildren(Fold):
        fold.click()
    for card in cards(window):
        for widget in [card, *card.findChildren(QWidget)]:
            if widget.isVisible():
                assert "Regenerate" in menu_at(window, widget), widget


def test_copying_as_rich_text(window: MainWindow, qtbot: QtBot) -> None:
    made = told(window, said("Hi?", "user"), said("**Yes** <i>"))
    window.chat.intents.copy_rich.emit(made[1].id)
    data = QGuiApplication.clipboard().mimeData()
    assert "<strong>Yes</strong> &lt;i&gt;" in data.html()
    assert data.text() == "**Yes** <i>"


def test_what_is_unfolded_stays_unfolded(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(40)]
    told(window, said("Hi?", "user"), said("Yes.", reasoning="A thought"), *many)
    messages, open_id = window.chat.messages, program_of(window).chat.conversation
    assert open_id is not None
    bar = messages.verticalScrollBar()
    bar.setValue(0)
    cards(window)[1].findChildren(Fold)[0].click()
    assert is_seen(messages, "A thought")
    bar.setValue(bar.maximum())
    assert not is_seen(messages, "A thought")
    bar.setValue(0)
    assert is_seen(messages, "A thought")
    program_of(window).settings.update(theme="dark")
    bar.setValue(0)
    cards(window)
    assert is_seen(messages, "A thought")
    program_of(window).chat.new()
    program_of(window).chat.open(open_id.id)
    bar.setValue(0)
    assert is_seen(messages, "A thought")


def test_a_tool_call_has_its_result_time_and_error(window: MainWindow, qtbot: QtBot) -> None:
    calls = (
        ToolCall(id="a", name="look", arguments='{"q": "<b>"}'),
        ToolCall(id="b", name="try", arguments="not json"),
    )
    found = said('{"sky": "<i>blue</i>"}', "tool", tool_call_id="a")
    failed = said('{"error": "no network"}', "tool", tool_call_id="b")
    told(window, said("Hi?", "user"), said(tool_calls=calls), found, failed, said("Done."))
    assert len(cards(window)) == 3
    card = cards(window)[1]
    assert [fold.text() for fold in card.findChildren(Fold)] == ["look", "try"]
    assert not is_seen(card, "<i>blue</i>")
    assert is_seen(card, "failed")
    assert is_seen(card, "1.0 s")
    for fold in card.findChildren(Fold):
        fold.click()
    cards(window)
    for text in ('"q": "<b>"', '"sky": "<i>blue</i>"', "not json", '"error": "no network"'):
        assert is_seen(card, text), text


def test_a_result_without_its_call_is_shown_as_it_is(window: MainWindow, qtbot: QtBot) -> None:
    text = "# <b>3</b> *results*\n\n\n&amp; [x](https://a.org)"
    told(window, said("Hi?", "user"), said(text, "tool", tool_call_id="gone"))
    (label,) = (one for one in cards(window)[1].labels() if "results" in one.text())
    assert selected(label, qtbot) == text


@pytest.mark.parametrize("first", [1, 8, 98, 998])
def test_the_numbers_of_a_list_have_their_room(window: MainWindow, first: int) -> None:
    items = "\n".join(f"{number}. item" for number in range(first, first + 4))
    told(window, said("Count", "user"), said(items))
    (column,) = cards(window)[-1].findChildren(MessageText)
    picture = column.grab().toImage()
    edge = {picture.pixelColor(0, y).rgb() for y in range(picture.height())}
    assert len(edge) == 1  # nothing is cut off there
    labels = [label for label in cards(window)[-1].labels() if "item" in label.text()]
    assert len({label.mapTo(column, QPoint()).x() for label in labels}) == 1


def test_a_button_leads_back_to_the_end(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(40)]
    told(window, *many)
    messages = window.chat.messages
    bar = messages.verticalScrollBar()
    assert "Scroll to End" not in shown_buttons(messages)
    bar.setValue(0)
    button(messages, "Scroll to End").click()
    assert bar.value() == bar.maximum()
    assert "Scroll to End" not in shown_buttons(messages)


def test_the_usual_answer_is_shown_whole(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    fake.script = [answer("It is so.", "They ask.")]
    ask(window, qtbot, "Is it?")
    qtbot.waitUntil(lambda: is_seen(window.chat.messages, "It is so."))
    assert head(window).text().startswith("Thought for")


def test_tab_and_arrows_go_through_the_messages(window: MainWindow, qtbot: QtBot) -> None:
    linked = said("See [this](https://a.org).\n\nplain\n\n```\ncode\n```", reasoning="Hm")
    told(window, said("Hi?", "user"), linked, said("And?", "user"), said("No."))
    question, answer = cards(window)[:2]
    question.setFocus()
    stops: list[str] = []
    for _ in range(3):
        assert window.focusNextPrevChild(True)
        stops.append(QApplication.focusWidget().accessibleName())
    assert stops == ["Copy Message", "Edit Message", "Regenerate"]
    question.setFocus()
    qtbot.keyClick(question, Qt.Key.Key_Down)
    assert answer.hasFocus()
    qtbot.keyClick(answer, Qt.Key.Key_Up)
    assert question.hasFocus()


def tab_stops(window: MainWindow) -> Iterator[QWidget]:
    """What Tab goes to, from the page's first stop to the message field."""
    button(window.chat, "Show or hide the sidebar").setFocus()
    known: set[QWidget] = set()
    while not window.chat.composer.text.hasFocus():
        focused = QApplication.focusWidget()
        assert window.focusNextPrevChild(True)
        assert focused is QApplication.focusWidget() or focused not in known
        known.add(focused)
        yield QApplication.focusWidget()


def test_tab_goes_through_the_messages_as_the_eye_does(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    window.resize(1100, 1000)
    go_on = threading.Event()
    call = {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{}"}}
    thought = delta(reasoning_content="See [one](https://a.org/1).")
    words = delta(content="And [two](https://a.org/2).\n\n```\ncode\n```\n\n[3](https://a.org/3)")
    fake.script = [[thought, words, delta(tool_calls=[call]), go_on, ending()]]
    write(window, qtbot, "Go")
    with qtbot.waitSignal(program_of(window).chat.finished):
        go_on.set()
    for fold in cards(window)[1].findChildren(Fold):
        fold.click()
    window.chat.messages.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    stops = [one for one in tab_stops(window) if window.chat.messages.isAncestorOf(one)]
    kinds = [type(one).__name__ for one in stops]
    order = [
        ["MessageCard"],
        ["CopyButton", *["ToolButton"] * 4],
        ["MessageCard", "Fold", "TextPart", "TextPart", "CopyButton", "TextPart", "Fold"],
        ["CopyButton", *["ToolButton"] * 4],
    ]
    assert kinds == [kind for some in order for kind in some]


def test_tab_goes_on_among_messages_that_were_scrolled_to(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(30)]
    told(window, *many)
    bar = window.chat.messages.verticalScrollBar()
    for value in (bar.maximum(), bar.maximum() // 2, 0, bar.maximum() // 3):
        bar.setValue(value)
        QApplication.processEvents()
    rows: list[int] = []
    for stop in tab_stops(window):
        for message_id, card in window.chat.messages._shown.items():
            if card is stop or card.isAncestorOf(stop):
                rows.append(program_of(window).chat.messages.row_of(message_id))
    assert rows == sorted(rows)
    assert set(rows) == set(range(rows[0], 30))  # more of them come as Tab goes on
    assert rows[0] < 20


def test_the_focus_is_seen_wherever_it_is(window: MainWindow, qtbot: QtBot) -> None:
    cells = "| some words to wrap " * 12
    table = f"{cells}|\n{'|---' * 12}|\n{cells}|\n\n"
    notes = Attachment(name="notes.txt", kind="text", text="x", num_bytes=1)
    linked = said(f"See [this](https://a.org).\n\n{table}\n```\ncode\n```", reasoning="Hm")
    made = told(window, said("Hi?", "user", attachments=(notes,)), linked)
    window.resize(1100, 1000)
    window.chat.show_panel(True)
    window.chat.intents.edit.emit(made[0].id)
    QApplication.processEvents()
    places: list[tuple[QWidget, QRect, QImage]] = []
    for stop in tab_stops(window):
        QApplication.processEvents()
        place = QRect(stop.mapTo(window, QPoint()), stop.size()).adjusted(-3, -3, 3, 3)
        places.append((stop, place, window.grab().toImage()))
    assert {"MessageCard", "TextPart", "TablePart", "MessageField", "Fold"} <= {
        type(stop).__name__ for stop, _, _ in places
    }
    for (stop, place, focused), (_, _, not_focused) in pairwise([*places, places[-2]]):
        name = type(stop).__name__, stop.accessibleName()
        assert focused.copy(place) != not_focused.copy(place), name


def test_what_has_the_focus_is_scrolled_to(window: MainWindow, qtbot: QtBot) -> None:
    many = [said(f"line {n}\n\n" * 9, "user" if n % 2 else "assistant") for n in range(20)]
    told(window, *many)
    window.chat.messages.verticalScrollBar().setValue(0)
    cards(window)[0].setFocus()
    for _ in range(6):
        focused = QApplication.focusWidget()
        qtbot.keyClick(focused, Qt.Key.Key_Down)
        now = QApplication.focusWidget()
        assert now is not focused
        assert not now.visibleRegion().isEmpty()
    assert window.chat.messages.verticalScrollBar().value() > 0
