from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from qwen3mlx_app.services.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "conversations.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()
