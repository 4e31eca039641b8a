"""Links to the app: what they show, what they ask, and that they send nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot
from qwen3mlx_app.domain import ServerState
from qwen3mlx_app.views.main_window import MainWindow

from tests.support.places import ROOT

from ..fake_endpoint import FakeEndpoint
from .support import button, named, program_of, windows_of


def open_link(window: MainWindow, link: str) -> None:
    windows_of(window).open_link(link)


def notices(window: MainWindow) -> str:
    return " ".join(notice.text for notice in window.session.notices.shown)


def draft(window: MainWindow) -> str:
    return window.chat.composer.text.toPlainText()


@pytest.fixture
def box(window: MainWindow, qtbot: QtBot) -> QMessageBox:
    open_link(window, "qwen3mlx://chat?model=demo&prompt=Tell+me%0Aa+story")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    shown = QApplication.activeModalWidget()
    assert isinstance(shown, QMessageBox)
    return shown


def test_a_text_is_taken_over_when_a_person_agrees(
    window: MainWindow, box: QMessageBox, fake: FakeEndpoint
) -> None:
    assert "Tell me\na story" in box.text()
    assert draft(window) == ""
    button(box, "Start Chat").click()
    assert draft(window) == "Tell me\na story"
    assert program_of(window).chat.model_id == "demo"
    assert not program_of(window).chat.has_messages
    assert not program_of(window).chat.is_busy


def test_a_text_is_not_taken_over_otherwise(window: MainWindow, box: QMessageBox) -> None:
    default = box.defaultButton()
    assert default.text() != "Start Chat"
    default.click()
    assert draft(window) == ""


def test_a_model_that_is_here_is_shown(window: MainWindow) -> None:
    open_link(window, "qwen3mlx://model?name=DEMO")
    assert window.pages.name == "models"
    assert named(window.page, QLineEdit, "Filter models").text() == "DEMO"  # type: ignore[attr-defined]
    assert "not on this computer" not in notices(window)


@pytest.mark.parametrize("link", ["model?name=qwen3:32b", "chat?model=qwen3:32b"])
def test_a_model_that_is_not_here_is_named(window: MainWindow, link: str) -> None:
    open_link(window, f"qwen3mlx://{link}")
    assert "qwen3:32b is not on this computer" in notices(window)


@pytest.mark.parametrize("link", ["qwen3mlx://quit", "qwen3mlx://model?name=../x", "file://etc"])
def test_other_links_are_refused(window: MainWindow, link: str) -> None:
    before = window.pages.name
    open_link(window, link)
    assert "was refused" in notices(window)
    assert window.pages.name == before


def test_no_link_is_none(window: MainWindow) -> None:
    open_link(window, "")
    assert "was refused" not in notices(window)


def test_it_waits_until_the_models_are_known(window: MainWindow) -> None:
    program = program_of(window)
    ready = program.process.state
    program.process.state = ServerState(phase="starting")
    open_link(window, "qwen3mlx://model?name=demo")
    assert window.pages.name == "chat"
    program.process.state = ready
    program.models.refreshed.emit()
    assert window.pages.name == "models"
    window.show_page("chat")
    program.models.refreshed.emit()
    assert window.pages.name == "chat"


_EVENT = """
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QFileOpenEvent
from qwen3mlx_app.qt_start import start_qt
application = start_qt()
application.link_opened.connect(print)
for link in ("qwen3mlx://chat?prompt=a%20b%0A", "file:///a%20b", "https://example.com/"):
    QCoreApplication.sendEvent(application, QFileOpenEvent(QUrl(link)))
"""


def test_the_systems_event_becomes_a_link() -> None:
    command = [sys.executable, "-c", _EVENT]
    said = subprocess.check_output(command, text=True, cwd=ROOT / "app")
    assert said == "qwen3mlx://chat?prompt=a%20b%0A\nfile:///a%20b\n"
