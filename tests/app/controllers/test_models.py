"""What is in memory is told as it is, also when the server is not there or a load fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Notice, ServerState

from ..fake_endpoint import FakeEndpoint, event
from .support import last

LOAD = "/api/qwen3mlx/models/load"


def state(program: Program) -> tuple[str, float | None]:
    entry = program.models.models.value(0)
    return entry.state, entry.load_progress


def put(program: Program, **fields: Any) -> None:
    program.models.models.put(replace(program.models.models.value(0), **fields))


def notices(program: Program) -> list[Notice]:
    said: list[Notice] = []
    program.models.notice.connect(said.append)
    return said


@pytest.mark.parametrize("phase", ["stopping", "stopped", "failed"])
def test_with_the_server_goes_what_was_in_memory(program: Program, phase: Any) -> None:
    assert state(program) == ("loaded", None)
    program.process._set(ServerState(phase=phase))
    assert state(program) == ("not-loaded", None)
    assert program.models.models.value(0).loaded is None


def test_what_is_asked_of_a_server_that_is_off_is_said_with_the_way_out(
    program: Program, qtbot: QtBot
) -> None:
    program.process._set(ServerState(phase="stopped"))
    said = notices(program)
    program.models.refresh()
    program.models.refresh_folders()
    for ask in (program.models.load, program.models.unload, program.models.add_folder):
        said.clear()
        ask("demo")
        qtbot.waitUntil(lambda: bool(said))
        assert [notice.action for notice in said] == ["start_server"]
        assert state(program) == ("not-loaded", None)


def test_a_load_that_fails_leaves_nothing_loading(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    put(program, state="not-loaded", loaded=None)
    fake.replies["/api/qwen3mlx/models"] = (500, b"{}")  # it cannot be looked up either
    refusal = b'{"error": {"message": "Too large.", "code": "memory"}}'
    fake.replies[LOAD] = (507, refusal)
    said = notices(program)
    program.models.load("demo")
    assert state(program) == ("loading", 0.0)
    qtbot.waitUntil(lambda: "Too large." in [notice.text for notice in said])
    assert state(program) == ("not-loaded", None)


def test_an_answer_whose_model_cannot_be_loaded_leaves_nothing_loading(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    put(program, state="not-loaded", loaded=None)
    error = {"type": "error", "error": {"message": "Too large.", "code": "memory"}}
    progress = b"event: progress\n" + event({"progress": 0.3})
    fake.replies[LOAD] = (200, progress + b"event: error\n" + event(error))
    with qtbot.waitSignal(program.chat.finished):
        program.chat.send("Hello")
    assert last(program).error == "Too large."
    assert state(program) == ("not-loaded", None)
