"""A window that opens untrusted files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hostile.window import Window


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """Run in a separate process, so that a crash is noticed."""
    log = tmp_path / "window.log"
    log.touch()
    made = Window(os.environ, log)
    yield made
    made.close()
