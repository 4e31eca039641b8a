"""From the first run to an answer from a downloaded model: the window, its server, and a hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.models.get_models import GetModels
from qwen3mlx_app.views.window import make_window

import qwen3mlx
from tests.hub.fake_hub import FakeHub
from tests.support.places import PROGRAM

from .views.support import button, seen, write

DEMO = Path(qwen3mlx.__file__).parent / "demo" / "dense"
REPO = "Qwen/Qwen3-0.6B-MLX-8bit"
WAIT = 60_000

pytestmark = pytest.mark.slow


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = {path.name: path.read_bytes() for path in DEMO.iterdir()}
    with FakeHub({REPO: files}) as hub:
        yield hub


@pytest.fixture
def window(
    profile: Path, hub: FakeHub, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    profile.mkdir(exist_ok=True)
    monkeypatch.setenv("QWEN3MLX_HOME", str(profile))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "huggingface"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (profile / "settings.json").write_text(json.dumps({"server": {"port": 0}}))
    (profile / "window.json").write_text(json.dumps({"hub_mirror": hub.url}))
    program = Program(profile, PROGRAM)
    made = make_window(program)
    with qtbot.waitExposed(made):
        made.show()
    with qtbot.waitSignal(program.models.refreshed, timeout=WAIT):
        program.start()
    yield made
    made.close()
    program.close()
    shiboken6.delete(made)


def test_a_person_gets_a_model_and_talks_to_it(
    window: MainWindow, hub: FakeHub, qtbot: QtBot
) -> None:
    program = window.program
    button(window, "Open Models").click()
    assert not hub.requests
    qtbot.waitUntil(lambda: program.downloads.offers.rowCount() > 20, timeout=WAIT)
    page = window.page.findChild(GetModels)
    assert page is not None
    button(page, "Show All Models").click()
    button(page, "Download qwen3:0.6b").click()
    qtbot.waitUntil(lambda: program.models.models.find(REPO) is not None, timeout=WAIT)
    told = program.notices
    qtbot.waitUntil(lambda: any("is downloaded" in one.text for one in told.shown), timeout=WAIT)
    window.show_page("chat")
    window.chat.picker.chosen.emit(REPO)
    with qtbot.waitSignal(program.chat.finished, timeout=WAIT):
        write(window, qtbot, "What is 27 + 45?")
    assert "72" in seen(window)
    [message] = [one for one in program.chat.path if one.role == "assistant"]
    assert message.model == REPO
