"""The welcome page: what it offers, and when it goes away."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models import ModelsPage
from qwen3mlx_app.views.theme import GAP, GAP_XL
from qwen3mlx_app.views.welcome import WIDTH

from ..controllers.support import last
from ..fake_endpoint import FakeEndpoint, answer
from .support import ask, program_of


def test_the_first_run_ends_with_a_question_and_does_not_come_back(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    program = program_of(window)
    assert window.chat.first_run.isVisible()
    fake.script = [answer("3")]
    window.chat.composer.text.setPlainText("Half a thought")
    chip = next(
        one for one in window.chat.first_run.findChildren(QToolButton) if "strawberry" in one.text()
    )
    with qtbot.waitSignal(program.chat.finished):
        chip.click()
    assert last(program).content == "3"
    assert window.chat.composer.text.toPlainText() == "Half a thought"
    assert program.chat.conversation is not None
    assert program.chat.conversation.draft == "Half a thought"
    assert program.settings.settings.first_run_done
    program.chat.new()
    assert not window.chat.first_run.isVisible()


def test_whoever_asks_by_themselves_has_begun(window: MainWindow, qtbot: QtBot) -> None:
    ask(window, qtbot, "Hello")
    program_of(window).chat.new()
    assert not window.chat.first_run.isVisible()


@pytest.mark.parametrize("width", [640, 1100])
def test_the_first_run_fits_a_narrow_window(window: MainWindow, qtbot: QtBot, width: int) -> None:
    window.resize(width, 700)
    first_run = window.chat.first_run
    qtbot.waitUntil(lambda: first_run.horizontalScrollBar().maximum() == 0)
    chips = first_run.findChildren(QToolButton)
    assert all(chip.geometry().right() < first_run.viewport().width() for chip in chips)
    # How wide they are depends on the machine's fonts.
    wide = sum(chip.sizeHint().width() + GAP for chip in chips) > WIDTH - 2 * GAP_XL
    assert len({chip.y() for chip in chips}) == (3 if wide or width == 640 else 1)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_window_has_room_for_all_of_it(
    window: MainWindow, qtbot: QtBot, theme: str, language: str
) -> None:
    program_of(window).settings.update(theme=theme, language=language)
    first_run = window.chat.first_run
    content = first_run.widget().layout()
    qtbot.waitUntil(lambda: first_run.verticalScrollBar().maximum() == 0)
    needed = content.totalHeightForWidth(first_run.viewport().width())
    assert first_run.viewport().height() - needed >= 10  # other fonts take more


def test_the_first_run_leads_to_the_models(window: MainWindow) -> None:
    found = [one for one in window.chat.first_run.findChildren(QLabel) if "demo" in one.text()]
    assert found
    window.chat.first_run.models_wanted.emit()
    assert isinstance(window.page, ModelsPage)
