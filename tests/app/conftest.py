"""A Qt without a screen, and programs over a profile of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything of Qt is loaded.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QLocale

from .fake_endpoint import FakeEndpoint


@pytest.fixture(autouse=True)
def plain_locale() -> Iterator[None]:
    """Numbers and dates are the same whatever the machine's locale is."""
    QLocale.setDefault(QLocale.c())
    yield
    QLocale.setDefault(QLocale.system())


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    """A scripted server."""
    with FakeEndpoint() as running:
        yield running


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"
