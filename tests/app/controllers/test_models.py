"""What is in memory is told as it is, also when the server is not there or a load fails."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.domain import Notice, ServerState

from ..fake_endpoint import MODEL, FakeEndpoint, event
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


DELETED = {"id": "held1", "model": "demo", "size_bytes": 5_000_000}


def test_a_model_is_deleted_and_the_undo_asks_for_it_back(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    said = notices(program)
    fake.replies["/api/qwen3mlx/models/delete"] = (200, json.dumps(DELETED).encode())
    fake.replies["/api/qwen3mlx/models"] = (200, b'{"models": [], "skipped": []}')
    program.models.delete(program.models.models.value(0))
    qtbot.waitUntil(lambda: bool(said))
    assert said[0].text == "demo was deleted."
    assert program.models.models.rowCount() == 0
    fake.replies["/api/qwen3mlx/models/restore"] = (200, json.dumps(MODEL).encode())
    del fake.replies["/api/qwen3mlx/models"]
    program.undo.undo_last()
    qtbot.waitUntil(lambda: program.models.models.rowCount() == 1)
    assert ("/api/qwen3mlx/models/restore", {"id": "held1"}) in fake.sent


def test_a_model_that_is_not_ours_stays_and_the_reason_is_said(
    program: Program, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    said = notices(program)
    refused = {"error": {"message": "demo is in one of your folders.", "code": "x"}}
    fake.replies["/api/qwen3mlx/models/delete"] = (400, json.dumps(refused).encode())
    program.models.delete(program.models.models.value(0))
    qtbot.waitUntil(lambda: bool(said))
    assert said[0].text == "demo is in one of your folders."
    assert program.models.models.rowCount() == 1
