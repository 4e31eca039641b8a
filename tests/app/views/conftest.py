from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
import shiboken6
from PySide6.QtGui import QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.services.language import use_language
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from ..controllers.support import connect, wait_for_models
from ..fake_endpoint import FakeEndpoint


@pytest.fixture(scope="session", autouse=True)
def fonts(qapp: QApplication) -> None:
    """Without any, text of all sizes is as large; matplotlib brings some."""
    if QFontInfo(qapp.font()).pixelSize() < 0:
        for path in Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVuSans*.ttf"):
            QFontDatabase.addApplicationFont(str(path))
        qapp.setFont("DejaVu Sans")


@pytest.fixture(autouse=True)
def blinking_cursor(qapp: QApplication) -> Iterator[None]:
    """The application outlives each test: a window begins with what its system says."""
    before = qapp.cursorFlashTime()
    yield
    qapp.setCursorFlashTime(before)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """So do the texts of the application."""
    yield
    use_language("en")


@pytest.fixture
def window(profile: Path, fake: FakeEndpoint, qtbot: QtBot) -> Iterator[MainWindow]:
    """Over the scripted server."""
    program = Program(profile, PROGRAM)
    made = make_window(program)
    with qtbot.waitExposed(made):
        made.show()
    connect(program, fake.url)
    wait_for_models(program, qtbot)
    yield made
    if shiboken6.isValid(made):  # else it was closed beside another one
        made.close()
    program.close()
    # Not later: the next window's style would reach the widgets that are about to go.
    if shiboken6.isValid(made):
        shiboken6.delete(made)
