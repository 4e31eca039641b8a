"""Nothing of a temporary chat is in any file: in use, after quitting, and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import IMPORT_PATH

CANARY = "zyzzyvacanary"
# The window with its server; the test says on stdin how it goes on.
USE = """
import os, signal, sys, threading, time, traceback
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from qwen3mlx_app import main as entry
from qwen3mlx_app.domain import ChatSettings
from qwen3mlx_app.views.windows import Windows
from tests.support.places import PROGRAM

profile, kind, canary = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def wait(until):
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end
        QCoreApplication.processEvents()
        time.sleep(0.005)


def use(window):
    program, chat = window.program, window.program.chat
    wait(lambda: program.models.models.rowCount())
    chat.new_temporary() if kind == "temporary" else chat.new()
    program.chat.settings.set(
        ChatSettings(system_prompt=f"p {canary}", thinking=False, sampling={"max_tokens": 16})
    )
    note = profile.parent / f"{canary}.txt"
    note.write_text(f"a note {canary}")
    chat.attach([note])
    wait(lambda: chat.drafts.current.attachments)
    chat.drafts.set_text(f"What is {canary}?")
    assert chat.send_draft()
    wait(lambda: not chat.is_busy)
    chat.regenerate(chat.last_answer.id)
    wait(lambda: not chat.is_busy)
    chat.edit(chat.last_answer.id, f"It is {canary}.")
    edited = chat.path[0].id
    chat.drafts.edit(edited)
    chat.drafts.set_edit(edited, f"edited {canary}")
    chat.drafts.save()
    chat.drafts.cancel_edit(edited)
    chat.branch(chat.last_answer.id)
    chat.deletion.delete(chat.last_answer.id)
    program.undo.undo_last()
    window.sidebar.search.setText(canary)
    window.chat.find_bar.open(canary)
    chat.drafts.set_text(f"a draft {canary}")
    window.come_to_front()
    process = program.process._process
    os.kill(process.processId(), signal.SIGSEGV)
    wait((profile / "server-crash.log").exists)
    wait(lambda: program.server.state.phase == "ready")
    wait(lambda: not chat.drafts._autosave.isActive() and not chat._open._autosave.isActive())
    print("used", flush=True)
    threading.Thread(target=go_on, args=(window,), daemon=True).start()


def go_on(window):
    if sys.stdin.readline() == "leave\\n":
        QTimer.singleShot(0, window, lambda: (window.new(), print("left", flush=True)))


def use_or_end(window):
    try:
        use(window)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def added(windows):
    window = add_first(windows)
    QTimer.singleShot(0, window, lambda: use_or_end(window))
    return window


add_first, Windows.add_first = Windows.add_first, added
sys.exit(entry.main(profile, PROGRAM))
"""


def found(folder: Path) -> list[str]:
    """The files that have the canary."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if CANARY.encode() in path.read_bytes().lower()]


@pytest.fixture
def used(request: pytest.FixtureRequest, profile: Path) -> Iterator[subprocess.Popen[str]]:
    """A window in which a chat of the given kind was used, and its server crashed."""
    (profile / "tmp").mkdir(parents=True)
    (profile / "settings.json").write_text(json.dumps({"server": {"port": 0, "log_prompts": True}}))
    environment = {
        **os.environ,
        "PYTHONPATH": IMPORT_PATH,
        "QWEN3MLX_HOME": str(profile),
        "TMPDIR": str(profile / "tmp"),
    }
    with subprocess.Popen(
        [sys.executable, "-c", USE, str(profile), request.param, CANARY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        try:
            assert said(process) == "used"
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("used", ["temporary"], indirect=True)
@pytest.mark.parametrize(
    "how",
    [
        "kill",
        pytest.param("quit", marks=pytest.mark.slow),
        pytest.param("leave", marks=pytest.mark.slow),
    ],
)
def test_nothing_of_it_is_in_any_file(used: subprocess.Popen[str], profile: Path, how: str) -> None:
    assert "conversations.sqlite" in {path.name for path in profile.iterdir()}
    assert "server-crash.log" in {path.name for path in profile.iterdir()}
    assert found(profile) == []
    if how == "leave":
        assert used.stdin is not None
        used.stdin.write("leave\n")
        used.stdin.flush()
        assert said(used) == "left"
        assert found(profile) == []
    os.kill(used.pid, signal.SIGKILL if how == "kill" else signal.SIGTERM)
    assert used.wait(60) == (-signal.SIGKILL if how == "kill" else 0)
    assert found(profile) == []


@pytest.mark.parametrize("used", ["usual"], indirect=True)
def test_a_usual_chat_would_be_found(used: subprocess.Popen[str], profile: Path) -> None:
    assert any(name.startswith("conversations.sqlite") for name in found(profile))
