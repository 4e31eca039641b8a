"""Groups that start, lose a rank, and end."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from qwen3mlx import library
from qwen3mlx.config import LoadOptions
from qwen3mlx.engine import model_pool
from qwen3mlx.errors import UnavailableError
from qwen3mlx.generate import Decoder
from qwen3mlx.model import load_model
from qwen3mlx.ranks.hosts import LOCAL, Host, Hosts
from tests.engine.support import Request, ids_alone

from .support import (
    PATIENCE,
    PROMPT,
    TWO,
    check_answers,
    engine_of,
    is_back,
    is_running,
    process_ids,
    program,
    resident_of,
    sent,
    wait,
    wait_for,
)

pytestmark = pytest.mark.slow


def test_ranks_end_with_the_model(demo: Path) -> None:
    with engine_of(TWO._replace(parallel="pipeline")) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        pids = process_ids(engine)
        assert all(map(is_running, pids))
        assert engine.unload("demo").result(PATIENCE)
        assert not any(map(is_running, pids))


@pytest.mark.parametrize("parallel", ["tensor", "pipeline"])
@pytest.mark.parametrize("name", ["demo", "demo-moe"])
def test_all_ways(name: str, parallel: Any) -> None:
    folder = library.resolve(name)
    decoder = Decoder(load_model(folder))
    with engine_of(TWO._replace(parallel=parallel)) as engine:
        engine.load(name, folder, LoadOptions()).result(PATIENCE)
        check_answers(engine, decoder, max_tokens=20)


def test_lost_ranks(demo: Path, alone: Decoder, caplog: pytest.LogCaptureFixture) -> None:
    """At ten moments: of a prompt's computation, of an answer's, and of none."""
    with engine_of(TWO) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        before = psutil.Process().num_fds()
        for moment in range(10):
            pids = process_ids(engine)
            request = Request(PROMPT * 60 if moment % 2 else PROMPT, max_tokens=1500)
            engine.submit(resident_of(engine), request.sequence).result(PATIENCE)
            time.sleep(0.05 * moment)
            os.kill(pids[moment % 2], signal.SIGKILL)
            wait_for(request, 10)
            assert isinstance(request.error, UnavailableError)
            assert "was lost" in str(request.error)
            assert not any(map(is_running, pids))
            wait(partial(is_back, engine, pids))
            assert "was lost. It is loaded again." in caplog.text
            assert "Traceback" not in caplog.text
            again = sent(engine, max_tokens=12)
            wait_for(again)
            assert again.ids == ids_alone(alone, PROMPT, max_tokens=12)
        assert psutil.Process().num_fds() <= before


def test_a_suspended_rank_is_lost(demo: Path, caplog: pytest.LogCaptureFixture) -> None:
    with engine_of(TWO) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        pids = process_ids(engine)
        request = sent(engine, max_tokens=1500)
        wait(lambda: request.ids)
        os.kill(pids[1], signal.SIGSTOP)
        wait_for(request, 10)
        assert "rank 1 on this computer was lost" in str(request.error)
        assert "rank 1 on this computer was lost" in caplog.text
        assert not any(map(is_running, pids))


@pytest.mark.usefixtures("ssh")
def test_a_computer_that_comes_back_later(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(model_pool, "AGAIN", 0.5)
    there = Host("mac-2.local", (LOCAL,), command=program(tmp_path, tmp_path / "down"))
    with engine_of(Hosts((Host(LOCAL, (LOCAL,)), there))) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        pids = process_ids(engine)
        (tmp_path / "down").touch()
        os.kill(pids[1], signal.SIGKILL)
        wait(lambda: "could not be loaded again: mac-2.local: it is asleep." in caplog.text)
        assert engine.trouble == "demo: mac-2.local was lost. It is loaded again."
        (tmp_path / "down").unlink()
        wait(lambda: is_back(engine, pids))


def test_an_idle_group_that_loses_a_rank(demo: Path, caplog: pytest.LogCaptureFixture) -> None:
    with engine_of(TWO) as engine:
        engine.load("demo", demo, LoadOptions()).result(PATIENCE)
        pids = process_ids(engine)
        os.kill(pids[1], signal.SIGKILL)
        wait(lambda: engine.trouble is not None, 10)
        told = "demo: rank 1 on this computer was lost. It is loaded again."
        assert told in str(engine.trouble)
        assert told in caplog.text
        wait(lambda: is_back(engine, pids))
        assert not any(map(is_running, pids))
    assert not engine.resident
