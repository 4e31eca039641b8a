"""The Tools page over a live server and real MCP servers, and an answer that uses one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.request import urlopen

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
    QPushButton,
    QScrollArea,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.services.mcp_entry import HIDDEN
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.plain import Label
from qwen3mlx_app.views.tools import ToolsPage, add_server, server_card, test_form
from qwen3mlx_app.views.tools.edit_server import EditServer
from qwen3mlx_app.views.tools.server_card import ServerCard
from qwen3mlx_app.views.tools.tool_row import ToolRow
from qwen3mlx_app.views.window import make_window

from qwen3mlx.errors import NotSavedError
from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.mcp_json import McpFile
from tests.server.live import LiveServer, live_server
from tests.support.places import PROGRAM
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.oauth_server import guarded_server
from tests.tools.test_host import MINI, mini

from ..controllers.support import connect, last
from .support import answer_with, button, named, program_of, visible_texts, write

WAIT = 60_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Its model echoes, and then says so."""
    folder = tmp_path_factory.mktemp("home")
    script = [answer(calls=[("control", {})]), "That is what came back."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(folder))
        model = str(write_scripted_checkpoint(folder / "scripted", script))
        with live_server(model=model) as server:
            server.service.tools.host.file.add("mini", mini())
            # It starts threads that stay until the end.
            server.service.tools.host.tools(["mini"]).result(30)
            yield server


@pytest.fixture
def window(live: LiveServer, profile: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    Consents().path.unlink(missing_ok=True)
    program = Program(profile, PROGRAM)
    program.process.key = live.person["Authorization"].removeprefix("Bearer ")
    program._endpoint._http._key = program.process.key
    made = make_window(program)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    connect(program, live.url)
    qtbot.waitUntil(lambda: program.tools.servers.rowCount() > 1, timeout=WAIT)
    yield made
    made.close()
    program.close()


@pytest.fixture
def page(window: MainWindow) -> ToolsPage:
    window.show_page("tools")
    assert isinstance(window.page, ToolsPage)
    return window.page


def card(page: ToolsPage, name: str) -> ServerCard:
    return page._cards[name]


def unfold(page: ToolsPage, name: str, qtbot: QtBot) -> dict[str, ToolRow]:
    made = card(page, name)
    made._fold.click()
    # A layout shows what is added to it when events are next handled.
    rows = made._rows
    qtbot.waitUntil(
        lambda: bool(rows) and all(row.isVisible() for row in rows.values()), timeout=WAIT
    )
    return rows


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
    assert page._cards["mini"]._rows["echo"] is rows["echo"]  # a form would stay as it is


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
    fail = page._cards["mini"]._rows["fail"]
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


def test_a_server_is_added_read_and_removed(
    page: ToolsPage, window: MainWindow, qtbot: QtBot
) -> None:
    python = mini()["command"]
    qtbot.keyClicks(named(page, QLineEdit, "Name of the server"), "broken one")
    place = named(page, QLineEdit, "Command or address of the server")
    qtbot.keyClicks(place, f"{python} {MINI}")
    lines = named(page, QPlainTextEdit, "Variables or headers")
    qtbot.keyClicks(lines, "FAULT=exit")
    button(page, "Add server").click()
    qtbot.waitUntil(lambda: "broken one" in page._cards, timeout=WAIT)
    qtbot.waitUntil(lambda: "Added: broken one." in visible_texts(page), timeout=WAIT)
    made = card(page, "broken one")
    made._fold.click()
    qtbot.waitUntil(lambda: "no configuration" in "".join(visible_texts(made)), timeout=WAIT)
    qtbot.waitUntil(lambda: "Failed" in visible_texts(made), timeout=WAIT)
    button(made, "Log of broken one").click()
    qtbot.waitUntil(lambda: "no configuration" in made._log.toPlainText(), timeout=WAIT)
    asked = answer_with(window, "Remove")
    button(made, "Remove broken one").click()
    qtbot.waitUntil(lambda: "broken one" not in page._cards, timeout=WAIT)
    assert "Remove the server broken one?" in asked[0]


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


def test_a_person_signs_in_to_a_server(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(server_card, "open_link", opened.append)
    with guarded_server() as server:
        live.service.tools.host.file.add("guarded", {"url": f"{server.url}/mcp"})
        qtbot.waitUntil(lambda: "guarded" in page._cards, timeout=WAIT)
        made = card(page, "guarded")
        made._fold.click()
        wanted = "This server wants you to sign in."
        qtbot.waitUntil(lambda: wanted in visible_texts(made), timeout=WAIT)
        assert not opened
        button(made, "Sign In").click()
        assert "Sign in in your browser…" in visible_texts(made)
        qtbot.waitUntil(lambda: len(opened) == 1, timeout=WAIT)
        button(made, "Cancel").click()
        assert wanted in visible_texts(made)
        button(made, "Sign In").click()
        qtbot.waitUntil(lambda: len(opened) == 2, timeout=WAIT)
        with urlopen(opened[1]) as reply:
            assert b"Thank you." in reply.read()
        qtbot.waitUntil(lambda: "look" in made._rows, timeout=WAIT)
        qtbot.waitUntil(lambda: wanted not in visible_texts(made), timeout=WAIT)
        button(made, "Sign Out: guarded").click()
        qtbot.waitUntil(lambda: wanted in visible_texts(made), timeout=WAIT)
        assert not made._rows
        assert "Sign In" in [
            one.text() for one in made.findChildren(QPushButton) if one.isVisible()
        ]
        assert "guarded" in page._tools.errors
        page._tools.remove("guarded")
        assert "guarded" not in page._tools.errors  # another one of this name begins anew
        qtbot.waitUntil(lambda: "guarded" not in page._cards, timeout=WAIT)


def test_a_name_that_is_taken_is_refused_beside_the_form(page: ToolsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(named(page, QLineEdit, "Name of the server"), "mini")
    qtbot.keyClicks(named(page, QLineEdit, "Command or address of the server"), "uvx")
    button(page, "Add server").click()
    told = "There is a server mini already: choose another name, or remove it."
    assert told in visible_texts(page)


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


def test_a_server_is_switched_off_and_on_and_its_file_is_shown(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = live.service.tools.host.file
    file.add("off", {"command": "uvx", "disabled": True, "timeout": 5})
    qtbot.waitUntil(lambda: "off" in page._cards, timeout=WAIT)
    qtbot.waitUntil(lambda: "Off" in visible_texts(card(page, "off")), timeout=WAIT)
    switch = button(card(page, "off"), "Use off")
    assert not switch.isChecked()
    assert not button(card(page, "off"), "Restart off").isEnabled()
    for is_on, state in ((True, "Not started"), (False, "Off")):
        switch.click()
        qtbot.waitUntil(lambda state=state: state in visible_texts(card(page, "off")), timeout=WAIT)
        assert switch.isChecked() is is_on
        assert file.read().servers["off"].disabled is not is_on
    assert '"timeout": 5' in file.text()
    shown: list[Path] = []
    monkeypatch.setattr(add_server, "show_folder", shown.append)
    button(page, "Show mcp.json").click()
    assert shown == [file.path.parent]
    file.remove("off")
    qtbot.waitUntil(lambda: "off" not in page._cards, timeout=WAIT)


def test_a_switch_that_is_refused_goes_back(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(McpFile, "switch", Mock(side_effect=NotSavedError("The disk is full.")))
    switch = button(card(page, "mini"), "Use mini")
    with qtbot.waitSignal(page._tools.notice, timeout=WAIT):
        switch.click()
    assert switch.isChecked()


def test_a_server_is_edited_and_its_secrets_are_not_shown(
    page: ToolsPage, live: LiveServer, qtbot: QtBot
) -> None:
    file = live.service.tools.host.file
    env = {"KEY": "a secret", "OLD": "gone"}
    file.add("other", {"command": "uvx", "args": ["a b"], "env": env, "timeout": 5})
    qtbot.waitUntil(lambda: "other" in page._cards, timeout=WAIT)
    button(card(page, "other"), "Edit other").click()
    (dialog,) = page.window().findChildren(EditServer)
    name, place = (
        named(dialog, QLineEdit, told)
        for told in ("Name of the server", "Command or address of the server")
    )
    variables = named(dialog, QPlainTextEdit, "Variables or headers")
    assert isinstance(place, QLineEdit)
    assert isinstance(variables, QPlainTextEdit)
    assert not name.isEnabled()
    assert place.text() == "uvx 'a b'"
    assert variables.toPlainText() == f"KEY={HIDDEN}\nOLD={HIDDEN}"
    place.setText("./here")
    button(dialog, "Save").click()
    told = "the current folder is never run"
    qtbot.waitUntil(lambda: any(told in one for one in visible_texts(dialog)), timeout=WAIT)
    variables.setPlainText(f"OTHER={HIDDEN}")
    button(dialog, "Save").click()
    assert "Enter the value of OTHER." in visible_texts(dialog)
    variables.setPlainText(f"KEY={HIDDEN}\nNEW=1")
    place.setText("npx 'c d' e")
    with qtbot.waitSignal(dialog.accepted, timeout=WAIT):
        place.returnPressed.emit()
    entry = json.loads(file.text())["mcpServers"]["other"]
    assert entry == {
        "command": "npx",
        "args": ["c d", "e"],
        "env": {"KEY": "a secret", "NEW": "1"},
        "timeout": 5,
    }
    qtbot.waitUntil(lambda: "npx c d e" in visible_texts(card(page, "other")), timeout=WAIT)
    page._tools.remove("other")
    qtbot.waitUntil(lambda: "other" not in page._cards, timeout=WAIT)


def test_tools_that_are_too_many_are_told(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    file = live.service.tools.host.file
    file.add("many", mini(env={"MANY": "250"}))
    qtbot.waitUntil(lambda: "many" in page._cards, timeout=WAIT)
    page._tools.look("many")
    told = "more than 256 tools: the first 256 can be used"
    qtbot.waitUntil(
        lambda: any(told in one for one in visible_texts(card(page, "many"))), timeout=WAIT
    )
    assert told in caplog.text  # the server's log has it, too
    page._tools.remove("many")
    qtbot.waitUntil(lambda: "many" not in page._cards, timeout=WAIT)


def test_pasted_text_is_taken_as_far_as_it_can_be_read(page: ToolsPage, qtbot: QtBot) -> None:
    text = named(page, QPlainTextEdit, "Text of an mcp.json")
    assert isinstance(text, QPlainTextEdit)
    text.setPlainText('{"mcpServers": {\n"good": {"command": "uvx"},\n"bad": {"url": 3}}}')
    button(page, "Add from Text").click()
    qtbot.waitUntil(lambda: "good" in page._cards, timeout=WAIT)
    told = "Line 3: bad.url must be a non-empty string."
    assert any(told in one for one in visible_texts(page))
    assert text.toPlainText()  # to be corrected
    page._tools.remove("good")
    qtbot.waitUntil(lambda: "good" not in page._cards, timeout=WAIT)


# Names within Chinese: of programs, keys and functions.
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
        qtbot.waitUntil(lambda: "strange" in page._cards, timeout=WAIT)
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
