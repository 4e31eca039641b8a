"""Tools on their page: consent, tests, those built in; and an answer that uses one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.plain import Label
from qwen3mlx_app.views.tools import ToolsPage, test_form

from tests.server.live import LiveServer
from tests.tools.test_host import mini

from ...controllers.support import last
from ..support import button, named, program_of, visible_texts, write
from .support import WAIT, card, unfold


def test_tools_have_their_consent_and_description_as_it_is(
    page: ToolsPage, window: MainWindow, qtbot: QtBot
) -> None:
    rows = unfold(page, "mini", qtbot)
    assert "mini: Return the text." in visible_texts(rows["echo"])
    assert any("not a JSON Schema" in text for text in visible_texts(rows["broken"]))
    assert not button(rows["broken"], "Test broken").isEnabled()
    consent = named(rows["echo"], QComboBox, "When echo may run")
    assert isinstance(consent, QComboBox)
    assert consent.currentData() == "ask"
    consent.setFocus()
    qtbot.keyClick(consent, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: _consents(window)["echo"] == "always", timeout=WAIT)
    assert page._cards.by_key["mini"]._rows["echo"] is rows["echo"]  # a form would stay as it is


def _consents(window: MainWindow) -> dict[str, str]:
    return {tool.name: tool.consent for tool in window.program.tools.tools["mini"]}


def test_a_tool_is_tried_with_a_form(page: ToolsPage, qtbot: QtBot) -> None:
    row = unfold(page, "mini", qtbot)["echo"]
    button(row, "Test echo").click()
    field = named(row, QLineEdit, "text")
    qtbot.keyClicks(field, "<b>hi</b>")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "<b>hi</b>" in visible_texts(row), timeout=WAIT)
    assert any(text.startswith("Done in") for text in visible_texts(row))
    fail = page._cards.by_key["mini"]._rows["fail"]
    button(fail, "Test fail").click()
    button(fail, "Run fail").click()
    qtbot.waitUntil(lambda: "mini: fail" in visible_texts(fail), timeout=WAIT)
    assert any(text.startswith("Failed after") for text in visible_texts(fail))


def test_a_test_that_hangs_is_stopped(page: ToolsPage, window: MainWindow, qtbot: QtBot) -> None:
    row = unfold(page, "mini", qtbot)["hang"]
    button(row, "Test hang").click()
    button(row, "Run hang").click()
    assert any(text.startswith("Running…") for text in visible_texts(row))
    button(row, "Stop").click()
    assert "Stopped" in visible_texts(row)
    button(row, "Run hang").click()
    window.show_page("chat")  # it ends with what shows it
    window.show_page("tools")
    assert "Stopped" in visible_texts(row)


def test_built_in_tools_are_switched(
    page: ToolsPage,
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tools = window.program.tools
    qtbot.waitUntil(lambda: tools.own is not None, timeout=WAIT)

    def has(*names: str) -> bool:
        return set(names) <= {tool.name for tool in tools.tools["builtin"]}

    page_switch = named(page, QAbstractButton, "Read web pages")
    assert isinstance(page_switch, QAbstractButton)
    page_switch.click()
    qtbot.waitUntil(lambda: has("fetch_page"), timeout=WAIT)
    folder = str(tmp_path.resolve())
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: folder)
    button(page, "Add Folder…").click()
    qtbot.waitUntil(lambda: has("read_file"), timeout=WAIT)
    assert folder in visible_texts(page)
    button(page, f"Remove {folder}").click()
    qtbot.waitUntil(lambda: not has("read_file"), timeout=WAIT)
    page_switch.click()
    qtbot.waitUntil(lambda: not has("fetch_page"), timeout=WAIT)
    # A folder that has gone meanwhile is refused, in a notice.
    folder = str(tmp_path / "absent")
    with qtbot.waitSignal(tools.notice, timeout=WAIT) as told:
        button(page, "Add Folder…").click()
    assert told.args is not None
    assert "is no folder" in told.args[0].text


@pytest.mark.parametrize("sandbox", [True, False])
def test_python_runs_in_a_sandbox_or_not_at_all(
    page: ToolsPage, window: MainWindow, qtbot: QtBot, sandbox: bool
) -> None:
    tools = window.program.tools
    qtbot.waitUntil(lambda: tools.own is not None, timeout=WAIT)
    assert tools.own is not None
    tools._show_own(replace(tools.own, sandbox=sandbox))
    switch = named(page, QAbstractButton, "Run Python code")
    assert switch.isEnabled() == sandbox
    missing = "This computer has no sandbox to run code in: install bubblewrap."
    assert (missing in visible_texts(page)) != sandbox


def test_many_tools_are_laid_out_once(
    page: ToolsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tool, *_) = page._tools.tools["builtin"]
    measured = []

    def measure(label: Label, width: int) -> int:
        measured.append(width)
        return QLabel.heightForWidth(label, width)

    def layouts(count: int) -> float:
        """How often the text of one of so many tools is measured."""
        page._tools.tools["mini"] = [replace(tool, name=f"tool_{n}") for n in range(count)]
        made.show_tools()
        measured.clear()
        qtbot.waitUntil(made._rows[f"tool_{count - 1}"].isVisible, timeout=WAIT)
        QApplication.processEvents()
        assert measured
        return len(measured) / count

    made = card(page, "mini")
    unfold(page, "mini", qtbot)
    monkeypatch.setattr(Label, "heightForWidth", measure, raising=False)
    assert layouts(30) < 2 * layouts(6)
    page._tools.look("mini")
    qtbot.waitUntil(lambda: "echo" in made._rows, timeout=WAIT)


def test_a_tool_with_choices_is_tried_with_the_one_that_it_names(
    page: ToolsPage, qtbot: QtBot
) -> None:
    unfold(page, "mini", qtbot)
    about = {"enum": ["metric", "imperial"], "default": "imperial"}
    schema = {"properties": {"units": about, "n" * 99: {}}, "required": ["units"]}
    tool = replace(page._tools.tools["mini"][0], name="odd", schema=schema)
    form = test_form.TestForm(page._tools, "mini", tool, page._theme, page)
    (units, _), (_, odd) = form._fields
    assert units.choices == ('"metric"', '"imperial"')
    combo = named(form, QComboBox, "units")
    assert isinstance(combo, QComboBox)
    assert (combo.currentText(), combo.currentData()) == ("imperial", '"imperial"')
    assert odd.toolTip().startswith("n" * 99)
    assert max(len(one.text()) for one in form.findChildren(QLabel)) <= test_form.LONGEST_NAME + 2


NAMES = re.compile(
    r"https?:\S+|[\w./-]*/[\w./-]+|[\w.]*mcp[\w./-]*|\bMCP\b|qwen3mlx|\w+_\w+|"
    r"JSON Schema|Markdown|Python|Asia/Tokyo|NAME=value|inputSchema|"
    r"\bApp\b|（sqrt.*）|bubblewrap|calculate|builtin|bad\.url|\.sandbox|\btimezone\b|\bstrange\b|\buvx\b|\bgood\b"
)


def test_in_chinese_nothing_is_english(window: MainWindow, live: LiveServer, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.rebuilt):
        program_of(window).settings.update(language="zh_CN")
    window.show_page("tools")
    assert isinstance(window.page, ToolsPage)
    page = window.page
    try:
        live.service.tools.host.file.add("strange", {"command": "uvx", "sandbox": 1})
        for own in ("fetch_page", "run_python"):
            page._tools.set_own(own, True)
        qtbot.waitUntil(lambda: "strange" in page._cards.by_key, timeout=WAIT)
        unfold(page, "builtin", qtbot)
        qtbot.waitUntil(lambda: "run_python" in card(page, "builtin")._rows, timeout=WAIT)
        rows = card(page, "builtin")._rows
        button(rows["current_time"], "测试 current_time").click()
        text = named(page, QPlainTextEdit, "mcp.json 的内容")
        text.setPlainText('{"good": {"command": "uvx"},\n"bad": {"url": 3}}')
        button(page, "从文本添加").click()
        qtbot.waitUntil(lambda: any("bad.url" in one for one in visible_texts(page)), timeout=WAIT)
        tips = [one.toolTip() for one in rows["current_time"].findChildren(QLineEdit)]
        english = [
            left
            for one in [*visible_texts(page), *tips]
            if re.search(r"[a-z]{2}", left := NAMES.sub("", one))
        ]
        assert [one for one in english if "mini" not in one] == []
    finally:
        for own in ("fetch_page", "run_python"):
            page._tools.set_own(own, False)
        for name in ("strange", "good"):
            live.service.tools.host.file.remove(name)
        with qtbot.waitSignal(window.rebuilt):
            program_of(window).settings.update(language="en")


def test_an_answer_asks_runs_a_tool_and_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    program, chat = window.program, window.chat
    qtbot.waitUntil(lambda: program.models.models.find("scripted") is not None, timeout=WAIT)
    program.chat.new()
    program.chat.settings.set_model("scripted")
    chat.composer.tools.chosen.emit(("mini",))
    program.chat.settings.set(_without_thinking(program))
    write(window, qtbot, "Go on.")

    def question() -> str:
        chat.messages.lay_out()
        texts = visible_texts(chat.messages.viewport())
        return next((text for text in texts if text.startswith("Allow mini")), "")

    qtbot.waitUntil(lambda: "Allow mini to run control" in question(), timeout=WAIT)
    with qtbot.waitSignal(program.chat.finished, timeout=WAIT):
        button(chat.messages.viewport(), "Always Allow: control").click()
    assert last(program).content == "That is what came back."
    (row,) = [row for row in program.chat.messages.values() if row.results]
    assert "<|im_end|>" in row.results[0].content
    button(chat.messages.viewport(), "control").click()
    chat.messages.lay_out()
    shown = [one.text() for one in chat.messages.viewport().findChildren(QLabel)]
    (result,) = [text for text in shown if "<|im_end|>" in text]
    assert "\u241b[2J" in result
    assert "\x1b" not in result


def test_a_question_that_is_begun_starts_its_servers_and_is_counted_with_their_tools(
    window: MainWindow, live: LiveServer, qtbot: QtBot
) -> None:
    program, host = window.program, live.service.tools.host
    qtbot.waitUntil(lambda: program.models.models.find("scripted") is not None, timeout=WAIT)
    program.chat.new()
    program.chat.settings.set_model("scripted")
    host.file.add("late", mini())
    program.chat.settings.set(replace(_without_thinking(program), servers=("late",)))
    qtbot.waitUntil(lambda: program.context.used == 0, timeout=WAIT)
    assert host.known(["late"]) == []  # nothing runs for who only reads
    qtbot.keyClicks(window.chat.composer.text, "Go on.")
    # The question alone has a tenth of that.
    qtbot.waitUntil(lambda: (program.context.used or 0) > 300, timeout=WAIT)
    assert host.known(["late"])
    host.remove("late").result(30)


def _without_thinking(program: Program) -> Any:
    from dataclasses import replace

    assert program.chat.conversation is not None
    return replace(program.chat.conversation.settings, thinking=False)


@pytest.mark.slow
def test_480_pixels_and_large_text_are_enough(
    page: ToolsPage, window: MainWindow, qtbot: QtBot
) -> None:
    window.program.settings.update(font_size=24)
    window.resize(480, 700)
    row = unfold(page, "mini", qtbot)["echo"]
    button(row, "Test echo").click()
    (area,) = page.findChildren(QScrollArea)
    qtbot.waitUntil(lambda: area.horizontalScrollBar().maximum() == 0)
