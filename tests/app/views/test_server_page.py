"""The server page over the real server: it shows what is saved, and saves what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.number_field import NumberField
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from .support import button, named, visible_texts

ORIGIN = "https://chat.example.com"


def type_in(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_a_page_first_seen_long_after_the_start_shows_what_is_saved(
    profile: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(profile))
    profile.mkdir()
    saved = {"server": {"port": 0, "allow_origin": [ORIGIN]}}
    (profile / "settings.json").write_text(json.dumps(saved))
    program = Program(profile, PROGRAM)
    window = make_window(program)
    qtbot.addWidget(window)
    try:
        with qtbot.waitSignal(program.server.settings_changed, timeout=60_000):
            program.start()
        with qtbot.waitSignal(program.server.keys_changed):
            program.server.create_key("laptop")
        window.show_page("server")
        page = window.page
        origins = named(page, QLineEdit, "Allowed origins")
        assert isinstance(origins, QLineEdit)
        assert not origins.isEnabled()
        qtbot.waitUntil(origins.isEnabled)
        assert origins.text() == ORIGIN
        qtbot.waitUntil(
            lambda: any(
                one.accessibleName() == "Revoke laptop" for one in page.findChildren(QPushButton)
            )
        )
        scope = named(page, QComboBox, "New key access")
        name = named(page, QLineEdit, "New key name")
        assert isinstance(scope, QComboBox)
        assert isinstance(name, QLineEdit)
        assert scope.currentData() == "inference"
        scope.setCurrentIndex(scope.findData("admin"))
        name.setText("mine")
        name.returnPressed.emit()
        made = {"laptop": "inference", "mine": "admin"}
        qtbot.waitUntil(lambda: {key.name: key.scope for key in program.server.keys} == made)
        port = named(page, NumberField, "Port")
        assert isinstance(port, NumberField)
        type_in(qtbot, port, "99999")
        with qtbot.waitSignal(program.server.settings_changed):
            program.server.refresh_settings()
        held = program.server.settings
        assert held is not None
        assert (port.text(), held.port) == ("99999", 0)
        assert any(
            one.text().startswith("“99999” is not used.") for one in page.findChildren(QLabel)
        )
        with qtbot.waitSignal(program.server.settings_changed):
            type_in(qtbot, port, "4321")
        kept = json.loads((profile / "settings.json").read_text())["server"]
        assert (kept["port"], kept["allow_origin"]) == (4321, [ORIGIN])
        before = program.server.settings
        with qtbot.waitSignal(program.server.settings_changed):  # those that still hold
            type_in(qtbot, origins, "not a url")
        assert origins.text() == "not a url"
        assert any("not a valid origin" in one.text for one in window.session.notices.shown)
        with qtbot.waitSignal(program.server.settings_changed):
            type_in(qtbot, origins, "https://a.example, https://b.example")
        kept = json.loads((profile / "settings.json").read_text())["server"]
        assert kept["allow_origin"] == ["https://a.example", "https://b.example"]
        with qtbot.waitSignal(program.server.settings_changed):
            program.undo.undo_last()
        assert program.server.settings == before
        assert origins.text() == ORIGIN
    finally:
        window.close()
        program.close()


def test_the_page_says_who_may_use_the_server_and_offers_a_restart(
    profile: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(profile))
    profile.mkdir()
    (profile / "settings.json").write_text(json.dumps({"server": {"port": 0}}))
    program = Program(profile, PROGRAM)
    window = make_window(program)
    qtbot.addWidget(window)
    window.show()
    try:
        window.show_page("server")
        page, server = window.page, program.server

        def says(*words: str) -> bool:
            return any(all(word in text for word in words) for text in visible_texts(page))

        assert says("Start the server to see")
        saved = [
            named(page, QLineEdit, "Allowed origins"),
            named(page, NumberField, "Port"),
            named(page, QLineEdit, "New key name"),
            button(page, "Create key"),
        ]
        assert not any(one.isEnabled() for one in saved)
        with qtbot.waitSignal(server.settings_changed, timeout=60_000):
            program.start()
        qtbot.waitUntil(lambda: says("Any app on this computer"))
        assert all(one.isEnabled() for one in saved)
        server.create_key("laptop")
        qtbot.waitUntil(lambda: says("Other apps need one"))
        server.revoke_key("laptop")
        qtbot.waitUntil(lambda: says("All keys have been revoked"))
        assert requests_are_refused(server.state.url)
        restart = [one for one in page.findChildren(QPushButton) if one.text() == "Restart Server"]
        with qtbot.waitSignal(server.keys_changed, timeout=60_000):
            next(one for one in restart if one.isVisible()).click()
        qtbot.waitUntil(lambda: says("Any app on this computer"))
        assert not requests_are_refused(server.state.url)
        assert not says("Restart the server to apply")
        server.change_settings("Running", {"max_running": 3})
        qtbot.waitUntil(lambda: says("Restart the server to apply"))
        server._on_port_taken(1234)
        taken = "Port 1234 is in use by another app. The server uses a free port for now."
        assert taken in [one.text for one in program.notices.shown]
        with qtbot.waitSignal(server.settings_changed, timeout=60_000):
            button(page, "Restart to Apply").click()
            # What is typed now would be lost.
            assert not any(one.isEnabled() for one in saved)
        assert taken not in [one.text for one in program.notices.shown]
        qtbot.waitUntil(lambda: says("Changes take effect after the server restarts."))
        assert not server.restart_needed
    finally:
        window.close()
        program.close()


def requests_are_refused(url: str | None) -> bool:
    """Whether the server wants a key of another app."""
    try:
        with urlopen(f"{url}/v1/models", timeout=60):
            return False
    except HTTPError as error:
        return error.code == 401
