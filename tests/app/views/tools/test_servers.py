"""Servers are added, edited, switched off, signed in to and removed on the Tools page."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock
from urllib.request import urlopen

import pytest
from PySide6.QtWidgets import (
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.services.mcp_entry import HIDDEN
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.tools import ToolsPage, add_server, server_card
from qwen3mlx_app.views.tools.edit_server import EditServer

from qwen3mlx.errors import NotSavedError
from qwen3mlx.tools.mcp_json import McpFile
from tests.server.live import LiveServer
from tests.tools.oauth_server import guarded_server
from tests.tools.test_host import MINI, mini

from ..support import answer_with, button, named, visible_texts
from .support import WAIT, card


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
    qtbot.waitUntil(lambda: "broken one" in page._cards.by_key, timeout=WAIT)
    qtbot.waitUntil(lambda: "Added: broken one." in visible_texts(page), timeout=WAIT)
    made = card(page, "broken one")
    made._fold.click()
    qtbot.waitUntil(lambda: "no configuration" in "".join(visible_texts(made)), timeout=WAIT)
    qtbot.waitUntil(lambda: "Failed" in visible_texts(made), timeout=WAIT)
    button(made, "Log of broken one").click()
    qtbot.waitUntil(lambda: "no configuration" in made._log.toPlainText(), timeout=WAIT)
    asked = answer_with(window, "Remove")
    button(made, "Remove broken one").click()
    qtbot.waitUntil(lambda: "broken one" not in page._cards.by_key, timeout=WAIT)
    assert "Remove the server broken one?" in asked[0]


def test_a_person_signs_in_to_a_server(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(server_card, "open_link", opened.append)
    with guarded_server() as server:
        live.service.tools.host.file.add("guarded", {"url": f"{server.url}/mcp"})
        qtbot.waitUntil(lambda: "guarded" in page._cards.by_key, timeout=WAIT)
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
        qtbot.waitUntil(lambda: "guarded" not in page._cards.by_key, timeout=WAIT)


def test_a_name_that_is_taken_is_refused_beside_the_form(page: ToolsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(named(page, QLineEdit, "Name of the server"), "mini")
    qtbot.keyClicks(named(page, QLineEdit, "Command or address of the server"), "uvx")
    button(page, "Add server").click()
    told = "There is a server mini already: choose another name, or remove it."
    assert told in visible_texts(page)


def test_a_server_is_switched_off_and_on_and_its_file_is_shown(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = live.service.tools.host.file
    file.add("off", {"command": "uvx", "disabled": True, "timeout": 5})
    qtbot.waitUntil(lambda: "off" in page._cards.by_key, timeout=WAIT)
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
    qtbot.waitUntil(lambda: "off" not in page._cards.by_key, timeout=WAIT)


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
    qtbot.waitUntil(lambda: "other" in page._cards.by_key, timeout=WAIT)
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
    qtbot.waitUntil(lambda: "other" not in page._cards.by_key, timeout=WAIT)


def test_tools_that_are_too_many_are_told(
    page: ToolsPage, live: LiveServer, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    file = live.service.tools.host.file
    file.add("many", mini(env={"MANY": "250"}))
    qtbot.waitUntil(lambda: "many" in page._cards.by_key, timeout=WAIT)
    page._tools.look("many")
    told = "more than 256 tools: the first 256 can be used"
    qtbot.waitUntil(
        lambda: any(told in one for one in visible_texts(card(page, "many"))), timeout=WAIT
    )
    assert told in caplog.text  # the server's log has it, too
    page._tools.remove("many")
    qtbot.waitUntil(lambda: "many" not in page._cards.by_key, timeout=WAIT)


def test_pasted_text_is_taken_as_far_as_it_can_be_read(page: ToolsPage, qtbot: QtBot) -> None:
    text = named(page, QPlainTextEdit, "Text of an mcp.json")
    assert isinstance(text, QPlainTextEdit)
    text.setPlainText('{"mcpServers": {\n"good": {"command": "uvx"},\n"bad": {"url": 3}}}')
    button(page, "Add from Text").click()
    qtbot.waitUntil(lambda: "good" in page._cards.by_key, timeout=WAIT)
    told = "Line 3: bad.url must be a non-empty string."
    assert any(told in one for one in visible_texts(page))
    assert text.toPlainText()  # to be corrected
    page._tools.remove("good")
    qtbot.waitUntil(lambda: "good" not in page._cards.by_key, timeout=WAIT)


# Names within Chinese: of programs, keys and functions.
