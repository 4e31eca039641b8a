"""The server as users run it, on a free port, in a thread of the test process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from qwen3mlx.server.core.service import Service
from qwen3mlx.server.run import Server
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.settings.admin_token import token_for

NUM_WORKERS = 8


@dataclass(frozen=True)
class LiveServer:
    """`http` is a client of it: `server.http.get("/health")`.

    `person` are the headers with which the command line says that it is the person's own.
    """

    url: str
    service: Service
    http: httpx.Client
    person: Mapping[str, str]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait_until_idle(self) -> None:
        """Wait until no request is running or waiting; fail after some seconds."""
        self.wait_until(lambda stats: not stats.running and not stats.waiting)

    def wait_until(self, condition: Callable[[Any], bool], seconds: float = 10) -> None:
        """Wait until `condition(engine.stats())`; fail after some seconds."""
        patience = time.monotonic() + seconds
        while not condition(self.service.engine.stats()):
            assert time.monotonic() < patience, self.service.engine.stats()
            time.sleep(0.005)


@contextmanager
def live_server(**settings: Any) -> Iterator[LiveServer]:
    """Start another server with its own settings."""
    ready = threading.Event()
    server = Server(ServerSettings(port=0, **settings), on_ready=lambda url: ready.set())
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server)), name="test-server")
    thread.start()
    try:
        while not ready.wait(0.05):
            assert thread.is_alive(), "the server did not start"
        server.service.rehearse = _rehearse_nothing  # type: ignore[method-assign]
        with httpx.Client(base_url=server.url, timeout=30) as http:
            person = {"Authorization": f"Bearer {token_for(server.url)}"}
            yield LiveServer(server.url, server.service, http, person)
    finally:
        server.should_exit = True
        thread.join()


async def _rehearse_nothing() -> None:
    """An idle server prepares a chat of its own, with a child process where it needs one."""


async def _serve(server: Server) -> None:
    """Start all worker threads now: one started during a test would look leaked."""
    workers = ThreadPoolExecutor(NUM_WORKERS)
    asyncio.get_running_loop().set_default_executor(workers)
    meeting = threading.Barrier(NUM_WORKERS)
    for _ in range(NUM_WORKERS):
        workers.submit(meeting.wait)
    await server.serve_until_told()
