"""A live server in a thread of this process, for all tests of the dialects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qwen3mlx.events import Finished, Usage

from .live import LiveServer, live_server


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    """A server with the demo checkpoint loaded; demo-moe is loaded when a request names it."""
    with live_server(model="demo") as running:
        yield running


@pytest.fixture
def usages(scripted: LiveServer) -> Iterator[list[Usage]]:
    """Record what each request to the module's `scripted` server used."""
    seen: list[Usage] = []

    def note(finished: Finished) -> None:
        seen.append(finished.usage)

    scripted.service.on_finished.append(note)
    yield seen
    scripted.service.on_finished.remove(note)
