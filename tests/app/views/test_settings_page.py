"""The settings page: each setting counts at once, and is kept."""

from __future__ import annotations

import plistlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import AppSettings, ServerSettings, ServerState
from qwen3mlx_app.services.settings import SettingsFile
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.number_field import NumberField
from qwen3mlx_app.views.switch import Switch

from tests.support.places import PROGRAM

from .support import named, program_of, turn_wheel, visible_texts

IS_MAC = sys.platform == "darwin"
MIRROR = "Hugging Face mirror"
SAVED = ServerSettings(
    port=1234,
    source="hf",
    allow_origin=(),
    ttl=3600.0,
    memory_limit=12.5,
    prefix_cache=None,
    max_running=4,
    max_waiting=None,
)


@pytest.fixture
def page(window: MainWindow) -> Any:
    window.show_page("settings")
    return window.page


def kept(window: MainWindow) -> AppSettings:
    return SettingsFile(program_of(window).profile / "window.json").read()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("Start the server at launch", "start_server"),
        (f"Show in the {'menu bar' if IS_MAC else 'system tray'}", "show_tray"),
        ("Notifications", "notify"),
        ("Reduce motion", "reduce_motion"),
        ("Generate titles with the model", "auto_title"),
    ],
)
def test_a_switch_is_kept(window: MainWindow, page: Any, name: str, setting: str) -> None:
    switch = named(page, Switch, name)
    assert isinstance(switch, Switch)
    before = getattr(AppSettings(), setting)
    assert switch.isChecked() == before
    switch.click()
    assert getattr(kept(window), setting) is not before


def test_serving_at_login_is_turned_on_and_off(
    window: MainWindow, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "launchctl").write_text("#!/bin/sh\n")
    (tmp_path / "launchctl").chmod(0o755)
    switch = named(page, Switch, "Serve when I log in")
    assert isinstance(switch, Switch)
    switch.click()
    agent = tmp_path / "Library" / "LaunchAgents" / "org.qwen3mlx.server.plist"
    assert plistlib.loads(agent.read_bytes())["ProgramArguments"] == [*PROGRAM, "serve"]
    assert switch.isChecked()
    switch.click()
    assert not agent.exists()
    assert not switch.isChecked()


def test_serving_at_login_that_fails_is_told_and_stays_off(
    window: MainWindow, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    switch = named(page, Switch, "Serve when I log in")
    assert isinstance(switch, Switch)
    switch.click()
    assert not switch.isChecked()
    told = [notice.text for notice in window.session.notices.shown]
    assert any("This computer has no systemd" in text for text in told)


def enter(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_choices_and_the_size_of_text(window: MainWindow, page: Any, qtbot: QtBot) -> None:
    for name, value in (("Theme", "dark"), ("Send with", "ctrl_enter"), ("Language", "zh_CN")):
        box = named(page, QComboBox, name)
        assert isinstance(box, QComboBox)
        box.activated.emit(box.findData(value))
    size = named(page, NumberField, "Text size")
    assert isinstance(size, NumberField)
    enter(qtbot, size, "18")
    assert kept(window).theme == "dark"
    assert kept(window).send_with == "ctrl_enter"
    assert kept(window).language == "zh_CN"
    assert QApplication.font().pixelSize() == 18
    before = kept(window)
    for field in (size, named(page, QComboBox, "Theme"), named(page, QComboBox, "Send with")):
        turn_wheel(field)
    assert kept(window) == before


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("https://hf-mirror.com/", True),
        ("", True),
        ("hf-mirror.com", False),
        ("ftp://x.org", False),
        ("https://me:secret@x.org", False),
        ("https://[", False),
    ],
)
def test_a_mirror_is_a_web_address(
    window: MainWindow, page: Any, text: str, is_taken: bool
) -> None:
    program_of(window).settings.update(hub_mirror="https://old.example")
    field = named(page, QLineEdit, MIRROR)
    assert isinstance(field, QLineEdit)
    field.setText(text)
    field.editingFinished.emit()
    assert field.text() == (text.rstrip("/") if is_taken else text)  # to be corrected
    assert kept(window).hub_mirror == (text.rstrip("/") if is_taken else "https://old.example")
    assert ("is not a valid web address" in " ".join(visible_texts(window.notices))) is not is_taken
    expected = {"HF_ENDPOINT": kept(window).hub_mirror} if kept(window).hub_mirror else {}
    assert program_of(window)._environment() == expected


def test_reset_brings_the_first_settings_back(window: MainWindow, page: Any) -> None:
    program = program_of(window)
    program.settings.update(font_size=20, notify=False, first_run_done=True)
    program.settings.set_mirror(MIRROR, "https://hf-mirror.com")
    size, mirror = named(page, NumberField, "Text size"), named(page, QLineEdit, MIRROR)
    assert isinstance(size, NumberField)
    assert isinstance(mirror, QLineEdit)
    assert (size.value, mirror.text()) == (20, "https://hf-mirror.com")
    named(page, QPushButton, "Reset app settings").click()  # type: ignore[attr-defined]
    assert program.settings.settings == AppSettings(first_run_done=True)
    assert (size.value, mirror.text()) == (AppSettings().font_size, "")


def test_the_servers_memory_is_sent_to_the_server(
    window: MainWindow, page: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = program_of(window).server
    field = named(page, QLineEdit, "Memory limit (GB)")
    assert isinstance(field, QLineEdit)
    server.settings_changed.emit(SAVED, False)
    assert field.text() == "12.5"
    sent: list[Any] = []
    monkeypatch.setattr(server, "change_settings", lambda title, what: sent.append((title, what)))
    field.setText("8")
    field.editingFinished.emit()
    field.clear()
    field.editingFinished.emit()
    limit = "Memory limit"
    assert sent == [(limit, {"memory_limit": 8.0}), (limit, {"memory_limit": None})]


def test_which_hub_comes_first_is_sent_to_the_server(
    window: MainWindow, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = program_of(window).server
    box = named(page, QComboBox, "Download first from")
    assert isinstance(box, QComboBox)
    server.settings_changed.emit(replace(SAVED, source="kaggle"), False)
    assert (box.isEnabled(), box.currentText()) == (True, "Kaggle")
    sent: list[Any] = []
    monkeypatch.setattr(server, "change_settings", lambda title, what: sent.append((title, what)))
    box.activated.emit(box.findText("ModelScope"))
    assert sent == [("Download first from", {"source": "modelscope"})]


def test_what_the_server_keeps_can_be_set_while_it_is_there(window: MainWindow, page: Any) -> None:
    program = program_of(window)
    field = named(page, QLineEdit, "Memory limit (GB)")
    program.server.settings_changed.emit(SAVED, False)
    assert field.isEnabled()
    program.process._set(ServerState(phase="stopped"))
    assert not field.isEnabled()
    assert "Start the server to change these." in visible_texts(page)


def test_what_is_being_typed_stays_when_something_else_changes(
    window: MainWindow, page: Any, qtbot: QtBot
) -> None:
    field = named(page, QLineEdit, MIRROR)
    assert isinstance(field, QLineEdit)
    qtbot.keyClicks(field, "https://hf-")
    program_of(window).settings.update(last_model="demo")  # an answer has ended
    assert field.text() == "https://hf-"


@pytest.mark.parametrize("text", ["99", "9", "x", "12.5"])
def test_a_size_of_text_beyond_its_bounds_stays_for_correction(
    window: MainWindow, page: Any, qtbot: QtBot, text: str
) -> None:
    size = named(page, NumberField, "Text size")
    assert isinstance(size, NumberField)
    enter(qtbot, size, text)
    program_of(window).settings.update(last_model="demo")  # something else changes
    assert (size.text(), kept(window).font_size) == (text, 14)
    line = f"“{text}” is not used. A whole number is needed. 10 to 24 pixels."
    assert line in visible_texts(page)
    enter(qtbot, size, "15")
    assert (size.text(), kept(window).font_size) == ("15", 15)
    assert line not in visible_texts(page)


def test_a_change_counts_at_once_and_can_be_undone(
    window: MainWindow, page: Any, qtbot: QtBot
) -> None:
    switch, size = named(page, Switch, "Notifications"), named(page, NumberField, "Text size")
    assert isinstance(switch, Switch)
    assert isinstance(size, NumberField)
    switch.click()
    assert not kept(window).notify
    assert "Notifications was changed." in visible_texts(window.notices)
    enter(qtbot, size, "18")
    program_of(window).undo.undo_last()
    assert (kept(window).font_size, size.value) == (14, 14)
    assert not kept(window).notify
    program_of(window).undo.undo_last()
    assert kept(window).notify
    assert switch.isChecked()


def test_each_number_has_its_range_its_unit_and_a_line_of_help(page: Any) -> None:
    texts = " ".join(visible_texts(page))
    assert "10 to 24 pixels." in texts
    assert "More than 0 GB." in texts
    assert "1 to 1024." in texts
    hints = [one for one in page.findChildren(QLabel, "muted") if one.isVisible()]
    fields = [*page.findChildren(NumberField)]
    fields += [*page.findChildren(Switch), *page.findChildren(QComboBox)]
    for field in fields:
        middle = field.mapTo(page, field.rect().center()).y()
        beside = [one for one in hints if abs(one.mapTo(page, QPoint()).y() - middle) < 30]
        assert any(one.text().strip() for one in beside), field.accessibleName()
