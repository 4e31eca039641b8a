"""A window that opens what strangers made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hostile.window import Window


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """In a process of its own: what ends it is seen."""
    log = tmp_path / "window.log"
    log.touch()
    made = Window(os.environ, log)
    yield made
    made.close()
