"""What others do to models is seen in the window, which asks nothing for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from qwen3mlx.library import DEMOS
from tests.support.places import PROGRAM


@pytest.fixture
def window(profile: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[MainWindow]:
    """Over the real server, with a folder of models that is empty."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(profile))
    (profile / "models").mkdir(parents=True)
    saved = {"server": {"port": 0}, "model_folders": [str(profile / "models")]}
    (profile / "settings.json").write_text(json.dumps(saved))
    program = Program(profile, PROGRAM)
    made = make_window(program)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitSignal(program.models.refreshed, timeout=60_000):
        program.start()
    yield made
    made.close()
    program.close()


def request(program: Program, path: str, body: object) -> None:
    """As a client of the server would."""
    url = f"{program.server.state.url}{path}"
    data, key = json.dumps(body).encode(), program.process.key
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    with urlopen(Request(url, data, headers), timeout=60) as reply:
        reply.read()


def states(program: Program) -> dict[str, str]:
    return {entry.name: entry.state for entry in program.models.models.values()}


def test_a_model_that_is_loaded_and_unloaded_by_a_client(window: MainWindow, qtbot: QtBot) -> None:
    program = window.program
    asked = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    request(program, "/v1/chat/completions", asked)
    qtbot.waitUntil(lambda: states(program)["demo"] == "loaded")
    request(program, "/api/v1/models/unload", {"instance_id": "demo"})
    qtbot.waitUntil(lambda: states(program)["demo"] == "not-loaded")
    request(program, "/api/v1/models/load", {"model": "demo-moe"})
    qtbot.waitUntil(lambda: states(program)["demo-moe"] == "loaded")


def test_a_model_that_appears_and_goes(window: MainWindow, qtbot: QtBot) -> None:
    program, folder = window.program, window.program.profile / "models" / "ada" / "copied"
    window.show_page("models")
    folder.parent.mkdir()
    shutil.copytree(DEMOS["demo"], folder)
    qtbot.waitUntil(lambda: "copied" in states(program))

    def labels() -> list[str]:
        return [label.text() for label in window.page.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: "copied" in labels())
    qtbot.waitUntil(lambda: program.models.folders[-1].num_models == 1)
    shutil.rmtree(folder)
    qtbot.waitUntil(lambda: "copied" not in states(program))
    qtbot.waitUntil(lambda: "copied" not in labels())


def test_settings_that_a_client_saves(window: MainWindow, qtbot: QtBot) -> None:
    file = window.program.profile / "models.json"
    file.write_text(json.dumps({"demo": {"context_length": 512}}))
    entry = window.program.models.models

    def saved() -> int | None:
        demo = entry.find("demo")
        return demo.settings.context_length if demo is not None else None

    qtbot.waitUntil(lambda: saved() == 512)


def test_the_lists_follow_the_server_after_a_restart(window: MainWindow, qtbot: QtBot) -> None:
    program = window.program
    program.server.restart()
    qtbot.waitUntil(lambda: program.server.state.phase == "ready", timeout=60_000)
    asked = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    request(program, "/v1/chat/completions", asked)
    qtbot.waitUntil(lambda: states(program)["demo"] == "loaded")
