"""A Qt without a screen, and programs over a profile of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Before anything of Qt is loaded.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QLocale
from qwen3mlx_app.composition import Program

from .fake_endpoint import FakeEndpoint


@pytest.fixture(autouse=True)
def plain_locale() -> Iterator[None]:
    """Numbers and dates are the same whatever the machine's locale is."""
    QLocale.setDefault(QLocale.c())
    yield
    QLocale.setDefault(QLocale.system())


@pytest.fixture(autouse=True)
def ended_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program's connections have threads, which stay as long as it does."""
    made: list[Program] = []
    make = Program.__init__

    def make_and_remember(program: Program, *args: Any, **kwargs: Any) -> None:
        make(program, *args, **kwargs)
        made.append(program)

    monkeypatch.setattr(Program, "__init__", make_and_remember)
    yield
    for program in made:
        program.deleteLater()  # before the next test: see `_leaves_no_widgets`


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    """A scripted server."""
    with FakeEndpoint() as running:
        yield running


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"
