"""The Help menu: about the app, and a report that is shown before anything is copied."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QListView, QPlainTextEdit
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import Notice
from qwen3mlx_app.services.updates import PAGE
from qwen3mlx_app.views.help_sheets import AboutSheet, ReportSheet
from qwen3mlx_app.views.help_window import HelpWindow
from qwen3mlx_app.views.main_window import MainWindow

from .support import action, button, named, program_of, trigger


@pytest.fixture
def nothing_copied() -> None:
    QApplication.clipboard().setText("before")


def sheet(window: MainWindow, kind: type[QDialog]) -> QDialog:
    (shown,) = window.findChildren(kind)
    assert shown.isVisible()
    return shown


@pytest.mark.usefixtures("nothing_copied")
def test_about_has_versions_and_licences(window: MainWindow, qtbot: QtBot) -> None:
    trigger(window, "About qwen3mlx")
    about = sheet(window, AboutSheet)
    listed = named(about, QListView, "Parts and their licenses")
    assert isinstance(listed, QListView)
    texts = [listed.model().index(row, 0).data() for row in range(listed.model().rowCount())]
    assert any(text.startswith("qwen3mlx ") and "Apache-2.0" in text for text in texts)
    assert any(text.startswith("PySide6_Essentials ") and "GPL" in text for text in texts)
    assert QApplication.clipboard().text() == "before"
    button(about, "Copy").click()
    assert texts[0] in QApplication.clipboard().text()
    qtbot.keyClick(about, Qt.Key.Key_Escape)
    assert not about.isVisible()


@pytest.mark.usefixtures("nothing_copied")
def test_a_report_is_saved_and_shown_before_it_is_copied(window: MainWindow) -> None:
    program = program_of(window)
    program.settings.update(hub_mirror="https://mirror.example", last_model="my/secret-model")
    (program.profile / "server-crash.log").write_text(f"token={program.process.key}\nthe end\n")
    trigger(window, "Report a Problem…")
    report = sheet(window, ReportSheet)
    shown = named(report, QPlainTextEdit, "Report")
    assert isinstance(shown, QPlainTextEdit)
    text = shown.toPlainText()
    assert "qwen3mlx" in text
    assert "the end" in text
    for private in (program.process.key, "mirror.example", "secret-model", str(Path.home()) + "/"):
        assert private not in text
    saved = program.profile / "problem-report.txt"
    assert saved.read_text("utf-8") == text
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert QApplication.clipboard().text() == "before"
    button(report, "Copy").click()
    assert QApplication.clipboard().text() == text


def test_a_report_that_cannot_be_saved_is_shown(window: MainWindow) -> None:
    (program_of(window).profile / "problem-report.txt").mkdir()
    trigger(window, "Report a Problem…")
    report = sheet(window, ReportSheet)
    assert "Versions" in report.findChildren(QPlainTextEdit)[0].toPlainText()
    assert "Show in Folder" not in [one.text() for one in report.findChildren(QAbstractButton)]


def test_help_shows_the_pages_that_ship(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("qwen3mlx_app.views.help_window.open_link", opened.append)
    trigger(window, "qwen3mlx Help")
    trigger(window, "qwen3mlx Help")
    shown = sheet(window, HelpWindow)
    assert isinstance(shown, HelpWindow)
    assert "Qwen3 on your Mac" in shown.text.toPlainText()
    texts = [shown.list.model().index(row, 0).data() for row in range(shown.pages.rowCount())]
    assert {"Troubleshooting", "Settings", "Several Macs"} < set(texts)
    shown.list.setCurrentIndex(shown.pages.index(texts.index("Settings")))
    assert "prefix_cache" in shown.text.toPlainText()
    shown.text.anchorClicked.emit(QUrl("api/qwen3mlx.md#folders-keys-settings"))
    assert shown.text.toPlainText().startswith("The native API")
    assert shown.text.verticalScrollBar().value() > 0
    assert opened == []
    for link in ("https://example.com/", "file:///etc/passwd"):
        shown.text.anchorClicked.emit(QUrl(link))
    assert opened == ["https://example.com/", "file:///etc/passwd"]  # which `open_link` refuses
    assert shown.text.toPlainText().startswith("The native API")
    shown.close()


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command as a bundle has it, and a folder on PATH for a link to it."""
    command = tmp_path / "bundle" / "qwen3mlx"
    command.parent.mkdir()
    command.write_text("")
    folder = tmp_path / "home" / ".local" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("qwen3mlx_app.composition.bundled_command", lambda: command)
    return folder / "qwen3mlx"


def test_the_command_is_put_on_the_path_and_taken_away(bundled: Path, window: MainWindow) -> None:
    trigger(window, "Install the Command qwen3mlx")
    assert bundled.is_symlink()
    assert str(bundled) in window.session.notices.shown[-1].text
    trigger(window, "Remove the Command qwen3mlx")
    assert not bundled.is_symlink()
    bundled.write_text("theirs")
    trigger(window, "Install the Command qwen3mlx")
    assert "is another program" in window.session.notices.shown[-1].text
    assert action(window, "Install the Command qwen3mlx").isEnabled()


def test_a_release_is_shown_on_a_click_alone(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("qwen3mlx_app.views.main_window.open_link", opened.append)
    program_of(window).updates.notice.emit(Notice(text="It was released.", action="show_release"))
    assert opened == []
    button(window, "Show Release").click()
    assert opened == [PAGE]


def test_the_command_is_not_offered_where_pip_brings_it(window: MainWindow) -> None:
    titles = [one.text() for one in window.findChildren(QAction)]
    assert "About qwen3mlx" in titles
    assert not any("the Command qwen3mlx" in title for title in titles)
