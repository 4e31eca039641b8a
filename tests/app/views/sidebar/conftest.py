from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM


@pytest.fixture
def window(profile: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    program = Program(profile, PROGRAM)
    made = make_window(program)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    program.close()
