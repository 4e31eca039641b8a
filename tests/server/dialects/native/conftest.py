from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ...live import LiveServer, live_server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def own(home: Path) -> Iterator[LiveServer]:
    """A server whose state no other test sees."""
    with live_server() as running:
        yield running
