"""Untrusted documents are read in a child process, in bounded time, or refused in one line."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from .hostile import documents
from .hostile.window import Window

SEED = 7


def faults(window: Window, folder: Path, number: int) -> list[str]:
    found = []
    for name, make in islice(documents.cases(random.Random(SEED)), number):
        place = folder / "window" / "cases" / name
        place.mkdir(parents=True)
        make(place)
        found += [f"{name}: {fault}" for fault in window.open("documents", place)]
    return found


def test_a_few_documents_of_others(window: Window, tmp_path: Path) -> None:
    assert not faults(window, tmp_path, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_untrusted_documents(window: Window, tmp_path: Path) -> None:
    assert not faults(window, tmp_path, 500)
