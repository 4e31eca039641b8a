"""The Help menu: about the app, and a report that is shown before anything is copied."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QListView, QPlainTextEdit
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.help_sheets import AboutSheet, ReportSheet
from qwen3mlx_app.views.help_window import HelpWindow
from qwen3mlx_app.views.main_window import MainWindow

from .support import button, named, program_of, trigger


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
