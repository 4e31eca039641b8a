from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from ..controllers.support import connect, wait_for_models
from ..fake_endpoint import FakeEndpoint


@pytest.fixture
def window(profile: Path, fake: FakeEndpoint, qtbot: QtBot) -> Iterator[MainWindow]:
    """Over the scripted server."""
    program = Program(profile)
    made = make_window(program)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    connect(program, fake.url)
    wait_for_models(program, qtbot)
    yield made
    made.close()
    program.close()
