from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program

from tests.support.places import PROGRAM

from ..fake_endpoint import FakeEndpoint
from .support import connect, wait_for_models


@pytest.fixture
def program(profile: Path, fake: FakeEndpoint, qtbot: QtBot) -> Iterator[Program]:
    """Over the scripted server, as if that had been started by it."""
    made = Program(profile, PROGRAM)
    connect(made, fake.url)
    wait_for_models(made, qtbot)
    yield made
    made.close()
