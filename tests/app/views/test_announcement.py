"""The announcement's two steps in the window, with the servers that it names."""

from __future__ import annotations

from pathlib import Path

import pytest
import shiboken6
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import ChatSettings
from qwen3mlx_app.views.window import make_window

from tests.server.clients.test_agents_page import here
from tests.server.clients.test_qwen_agent import PYTHON
from tests.server.live import live_server
from tests.support.announcement import LAST, NEWS, QUESTION, SERVERS, ZONE, real_servers, steps
from tests.support.places import PROGRAM
from tests.support.scripted import write_scripted_checkpoint

from ..controllers.support import connect, last
from .support import visible_texts, write

WAIT = 60_000


@pytest.mark.slow
@pytest.mark.skipif(not here("mcp_server_fetch, mcp_server_time"), reason="no such MCP servers")
def test_a_page_and_then_the_time(
    profile: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "home"))
    model = write_scripted_checkpoint(tmp_path / "scripted", steps())
    with real_servers(PYTHON), live_server(model=str(model)) as server:
        program = Program(profile, PROGRAM)
        program.process.key = server.person["Authorization"].removeprefix("Bearer ")
        program._endpoint._http._key = program.process.key
        window = make_window(program)
        with qtbot.waitExposed(window):
            window.show()
        connect(program, server.url)
        qtbot.waitUntil(lambda: program.models.models.find("scripted") is not None, timeout=WAIT)
        program.chat.new()
        program.chat.settings.set_model("scripted")
        program.chat.settings.set(ChatSettings(servers=SERVERS))
        with qtbot.waitSignal(program.chat.finished, timeout=WAIT):
            write(window, qtbot, QUESTION)
        assert last(program).content == LAST
        results = [one.content for row in program.chat.messages.values() for one in row.results]
        page, clock = results
        assert NEWS in page
        assert ZONE in clock
        window.chat.messages.lay_out()
        assert any(LAST in text for text in visible_texts(window.chat.messages.viewport()))
        window.close()
        program.close()
        shiboken6.delete(window)
