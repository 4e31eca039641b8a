"""A live server in a thread of this process, for all tests of the dialects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from qwen3mlx.events import Finished, Usage

from .live import LiveServer, live_server

# A module's own server may have another home, and be the first that starts.
HOME = os.environ["QWEN3MLX_HOME"]


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    """A server with the demo checkpoint loaded; demo-moe is loaded when a request names it."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("QWEN3MLX_HOME", HOME)
            running = stack.enter_context(live_server(model="demo"))
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
