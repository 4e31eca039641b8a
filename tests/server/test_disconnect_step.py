"""After a client disconnects in the middle of a stream, no further step is computed for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from qwen3mlx.engine.scheduler import Scheduler

from .live import LiveServer
from .test_disconnect import asking, endless

PATIENCE = 10


class Gate:
    """Scheduler steps that wait to be let through, once `closed`."""

    def __init__(self) -> None:
        self.num_steps = 0
        self.closed = False
        self.is_waiting = threading.Event()
        self._permits = threading.Semaphore(0)

    def pass_through(self) -> None:
        if self.closed:
            self.is_waiting.set()
            assert self._permits.acquire(timeout=PATIENCE)
            self.num_steps += 1

    def let_one_through(self) -> None:
        self.is_waiting.clear()
        self._permits.release()

    def open(self) -> None:
        self.closed = False
        self._permits.release()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    step = Scheduler.step

    def gated(scheduler: Scheduler, elsewhere_s: float) -> None:
        gate.pass_through()
        step(scheduler, elsewhere_s)

    monkeypatch.setattr(Scheduler, "step", gated)
    yield gate
    gate.open()


def test_its_slot_is_freed_within_one_step(server: LiveServer, gate: Gate) -> None:
    engine = server.service.engine
    server.wait_until_idle()
    with asking(server, endless(server, stream=True)) as connection:
        server.wait_until(lambda stats: stats.running == 1)
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        gate.closed = True
        assert gate.is_waiting.wait(PATIENCE)
        assert engine.stats().running == 1
    patience = time.monotonic() + PATIENCE
    while engine._worker._inbox.empty():  # until the server has seen that the client is gone
        assert time.monotonic() < patience
        time.sleep(0.005)
    gate.let_one_through()
    server.wait_until(lambda stats: stats.running == 0)
    assert gate.num_steps == 1
