"""The program without its window, over the real server with the demo checkpoints."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import ChatSettings, MessageRow, ModelSettings, Notice

from tests.support.places import PROGRAM

from .controllers.support import ask, last, shown

STARTED = 60_000
GREEDY = ChatSettings(sampling={"temperature": 0, "max_tokens": 60})
ENDLESS = ChatSettings(thinking=False, sampling={"max_tokens": 3000, "min_tokens": 2999})


@contextmanager
def started(profile: Path, qtbot: QtBot, port: int = 0) -> Iterator[Program]:
    """A program whose server answers, on a free port."""
    profile.mkdir(exist_ok=True)
    (profile / "settings.json").write_text(json.dumps({"server": {"port": port}}))
    program = Program(profile, PROGRAM)
    try:
        with qtbot.waitSignal(program.models.refreshed, timeout=STARTED):
            program.start()
        yield program
    finally:
        program.close()


@pytest.fixture
def home(profile: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(profile))
    return profile


@pytest.fixture
def program(home: Path, qtbot: QtBot) -> Iterator[Program]:
    with started(home, qtbot) as running:
        yield running


def begun(program: Program) -> Callable[[], bool]:
    return lambda: len(last(program).content) > 20


def test_an_answer_tells_what_it_does_while_it_is_made(program: Program, qtbot: QtBot) -> None:
    chat = program.chat
    seen: list[MessageRow] = []

    def see(*_: object) -> None:
        seen.append(chat.messages.value(chat.messages.rowCount() - 1))

    chat.messages.dataChanged.connect(see)
    chat.messages.rowsInserted.connect(see)
    chat.new()
    chat.settings.set(replace(GREEDY, thinking=True))
    ask(program, qtbot, "What is 2 + 2? " * 40)
    phases = [row.progress.phase for row in seen if row.progress is not None]
    told = ["loading", "queued", "prefill", "writing"]
    assert [phase for phase in dict.fromkeys(phases) if phase in told[1:]] == told[1:]
    assert "loading" in phases
    thoughts = [row.message for row in seen if row.message.reasoning and not row.message.content]
    counts = [one.stats.reasoning_tokens or 0 for one in thoughts if one.stats is not None]
    assert counts == sorted(counts)
    assert counts[-1] > 0
    assert seen[-1].progress is None


def test_a_day_in_the_window(program: Program, qtbot: QtBot, home: Path) -> None:
    """Ask, think, stop, edit, regenerate, branch, another model; and everything back tomorrow."""
    chat = program.chat
    chat.new()
    chat.settings.set(GREEDY)
    first = ask(program, qtbot, "What is 2 + 2?")
    assert (first.status, first.model) == ("done", "demo")
    assert first.reasoning
    assert first.stats is not None
    assert first.stats.completion_tokens
    assert first.stats.tokens_per_second
    second = ask(program, qtbot, "What is 3 + 3? /no_think")
    assert not second.reasoning
    assert second.stats is not None
    assert second.stats.cached_tokens

    chat.settings.set(ENDLESS)
    chat.send("Tell me a story.")
    qtbot.waitUntil(begun(program), timeout=20_000)
    with qtbot.waitSignal(chat.finished):
        chat.stop()
    stopped = last(program)
    assert stopped.status == "stopped"
    assert stopped.stats is not None  # counted while it was written
    assert stopped.stats.completion_tokens
    assert stopped.stats.tokens_per_second

    chat.settings.set(GREEDY)
    question = chat.messages.value(0).message
    with qtbot.waitSignal(chat.finished, timeout=20_000):
        chat.edit(question.id, "What is 5 + 5?")
    assert [role for role, _ in shown(program)] == ["user", "assistant"]
    assert chat.messages.value(0).num_versions == 2
    with qtbot.waitSignal(chat.finished, timeout=20_000):
        chat.regenerate(last(program).id)
    assert chat.messages.value(1).num_versions == 2
    chat.branch(last(program).id)
    chat.settings.set_model("demo-moe")
    other = ask(program, qtbot, "And 6 + 6?")
    assert (other.model, other.status) == ("demo-moe", "done")
    before = shown(program)
    listed = program.conversations.conversations.values()
    assert len(listed) == 2
    program.close()

    with started(home, qtbot) as tomorrow:
        assert tomorrow.conversations.conversations.values() == listed
        tomorrow.chat.open(listed[0].id)
        assert shown(tomorrow) == before
        assert tomorrow.chat.model_id == "demo-moe"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        pytest.param(signal.SIGSEGV, "crashed (SIGSEGV)", marks=pytest.mark.slow),
        (signal.SIGKILL, "too much memory"),
    ],
)
def test_a_server_that_dies_in_mid_answer_loses_nothing(
    program: Program, qtbot: QtBot, number: signal.Signals, sentence: str
) -> None:
    heard: list[Notice] = []
    program.server.notice.connect(heard.append)
    chat = program.chat
    chat.new()
    chat.settings.set(ENDLESS)
    chat.send("Tell me a story.")
    qtbot.waitUntil(begun(program), timeout=20_000)
    assert program.process._process is not None
    with qtbot.waitSignals([chat.finished, program.models.refreshed], timeout=STARTED):
        os.kill(program.process._process.processId(), number)
    broken = last(program)
    assert broken.status == "failed"
    assert "was lost" in (broken.error or "")
    assert len(broken.content) > 20
    assert program.store.messages(broken.conversation_id)[-1] == broken
    assert sentence in heard[0].text
    assert "restarting" in heard[0].text
    if number == signal.SIGSEGV:
        log = program.profile / "server-crash.log"
        assert str(log) in heard[0].text
        assert "Fatal Python error: Segmentation fault" in log.read_text()
    chat.settings.set(replace(GREEDY, thinking=False))
    with qtbot.waitSignal(chat.finished, timeout=20_000):
        chat.continue_answer(broken.id)
    assert last(program).status == "done"
    assert last(program).content.startswith(broken.content)
    assert ask(program, qtbot, "What is 2 + 2?").status == "done"


def test_models_are_loaded_set_and_unloaded(program: Program, qtbot: QtBot) -> None:
    models = program.models
    with qtbot.waitSignal(models.models.dataChanged, timeout=20_000):
        models.load("demo-moe")
    qtbot.waitUntil(lambda: models.models.find("demo-moe").state == "loaded", timeout=20_000)
    entry = models.models.find("demo-moe")
    wanted = ModelSettings(context_length=512, sampling={"top_k": 5})
    models.change_settings("Context length", entry, wanted)
    qtbot.waitUntil(lambda: models.models.find("demo-moe").settings.context_length == 512)
    models.unload("demo-moe")
    qtbot.waitUntil(lambda: models.models.find("demo-moe").state == "not-loaded")
    heard: list[Notice] = []
    models.notice.connect(heard.append)
    models.change_settings("KV cache", entry, ModelSettings(kv_bits=5))
    qtbot.waitUntil(lambda: bool(heard))
    assert "use 4 or 8" in heard[-1].text


def test_the_server_page_shows_what_it_does(program: Program, qtbot: QtBot) -> None:
    server = program.server
    server.watch(True)
    program.chat.new()
    program.chat.settings.set(ENDLESS)
    program.chat.send("Tell me a story.")
    qtbot.waitUntil(lambda: server.running.rowCount() == 1, timeout=20_000)
    qtbot.waitUntil(lambda: server.running.rowCount() and server.running.value(0).phase == "decode")
    with qtbot.waitSignal(program.chat.finished):
        program.chat.stop()
    qtbot.waitUntil(lambda: server.log.rowCount() > 0)
    qtbot.waitUntil(lambda: server.log.value(0).path == "/v1/chat/completions")
    assert server.log.value(0).client == "qwen3mlx window"
    assert server.memory is not None
    assert server.memory.weight_bytes > 0
    qtbot.waitUntil(lambda: server.running.rowCount() == 0)
    server.watch(False)


def test_the_first_key_does_not_lock_the_window_out(program: Program, qtbot: QtBot) -> None:
    server = program.server
    with qtbot.waitSignal(server.key_created) as told:
        server.create_key("laptop")
    assert told.args[1].startswith("sk-")
    qtbot.waitUntil(lambda: [key.name for key in server.keys] == ["laptop"])
    assert all(told.args[1] not in snippet.code for snippet in server.snippets("demo"))
    assert ask(program, qtbot, "Hi").status == "done"
    server.revoke_key("laptop")
    qtbot.waitUntil(lambda: server.keys == [])


def test_settings_of_the_server_count_after_a_restart(program: Program, qtbot: QtBot) -> None:
    server = program.server
    with qtbot.waitSignal(server.settings_changed) as told:
        server.change_settings("Concurrent requests", {"max_running": 3})
    saved, restart_needed = told.args
    assert (saved.max_running, restart_needed) == (3, True)
    with qtbot.waitSignal(program.models.refreshed, timeout=STARTED):
        server.restart()
    qtbot.waitUntil(lambda: server.settings is not None and server.settings.max_running == 3)
    assert ask(program, qtbot, "Hi").status == "done"


def test_a_taken_port_is_said_and_another_one_used(home: Path, qtbot: QtBot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        home.mkdir()
        (home / "settings.json").write_text(json.dumps({"server": {"port": port}}))
        program = Program(home, PROGRAM)
        heard: list[Notice] = []
        program.server.notice.connect(heard.append)
        with qtbot.waitSignal(program.models.refreshed, timeout=STARTED):
            program.start()
        assert f"Port {port} is in use" in heard[0].text
        assert program.server.state.url != f"http://127.0.0.1:{port}"
        assert ask(program, qtbot, "Hi").status == "done"
        program.close()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["/no/such/program"], "Reinstall qwen3mlx"),
        (["/bin/sh", "-c", "echo 'qwen3mlx: No memory left.' >&2; exit 1"], "No memory left."),
        (["/bin/sh", "-c", "kill -9 $$"], "may need too much memory"),
    ],
)
def test_a_server_that_does_not_start_says_why(
    home: Path, qtbot: QtBot, command: list[str], sentence: str
) -> None:
    program = Program(home, command)
    program.chat.new()
    program.start()
    assert program.chat.send("Hi")
    qtbot.waitUntil(lambda: program.server.state.phase == "failed")
    assert sentence in (program.server.state.reason or "")
    qtbot.waitUntil(lambda: last(program).status == "failed")
    assert sentence in (last(program).error or "")
    program.close()
