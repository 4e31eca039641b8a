"""A live server in a thread of this process, for all tests of the dialects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .live import LiveServer, live_server


@pytest.fixture(scope="session")
def server() -> Iterator[LiveServer]:
    """With the demo checkpoint loaded; demo-moe is loaded when a request names it."""
    with live_server(model="demo") as running:
        yield running
