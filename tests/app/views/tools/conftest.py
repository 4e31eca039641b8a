"""The Tools page over a live server and real MCP servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.tools import ToolsPage
from qwen3mlx_app.views.window import make_window

from qwen3mlx.tools.consent import Consents
from tests.server.live import LiveServer, live_server
from tests.support.places import PROGRAM
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.test_host import mini

from ...controllers.support import connect
from .support import WAIT


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Its model echoes, and then says so."""
    folder = tmp_path_factory.mktemp("home")
    script = [answer(calls=[("control", {})]), "That is what came back."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(folder))
        model = str(write_scripted_checkpoint(folder / "scripted", script))
        with live_server(model=model) as server:
            server.service.tools.host.file.add("mini", mini())
            # It starts threads that stay until the end.
            server.service.tools.host.tools(["mini"]).result(30)
            yield server


@pytest.fixture
def window(live: LiveServer, profile: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    Consents().path.unlink(missing_ok=True)
    program = Program(profile, PROGRAM)
    program.process.key = live.person["Authorization"].removeprefix("Bearer ")
    program._endpoint._http._key = program.process.key
    made = make_window(program)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    connect(program, live.url)
    qtbot.waitUntil(lambda: program.tools.servers.rowCount() > 1, timeout=WAIT)
    yield made
    made.close()
    program.close()


@pytest.fixture
def page(window: MainWindow) -> ToolsPage:
    window.show_page("tools")
    assert isinstance(window.page, ToolsPage)
    return window.page
