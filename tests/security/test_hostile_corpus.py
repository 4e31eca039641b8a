"""Whatever strangers hand in: no traceback, no hang, no exit, little memory, and it goes on.

One server lives through all cases of a kind. `HOSTILE_SEED` tries others than the usual ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from .hostile.arena import Arena
from .hostile.trials import KINDS

SEED = os.environ.get("HOSTILE_SEED", "1")
SAMPLE = 6
# Faults that are told before the rest is given up.
ENOUGH = 20


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with Arena(tmp_path_factory.mktemp("arena")) as running:
        yield running


def faults_of(kind: str, count: int, arena: Arena) -> list[str]:
    """What went wrong, with the case's number and name."""
    trial, _ = KINDS[kind]
    rng = random.Random(f"{kind} {SEED}")
    found: list[str] = []
    cases = import_module(f"{__package__}.hostile.{kind}").cases(rng)
    for number, (name, write) in enumerate(islice(cases, count)):
        faults = arena.attempt(write, trial)
        if any(fault.startswith("/health took") for fault in faults):
            faults = arena.attempt(write, trial)  # the machine itself may have been busy
        found += [f"{kind} {number} ({name}): {fault}" for fault in faults]
        if len(found) >= ENOUGH:
            break
    return found


def test_there_are_cases_of_every_kind() -> None:
    missing = [kind for kind in KINDS if find_spec(f"{__package__}.hostile.{kind}") is None]
    assert not missing
    assert sum(count for _, count in KINDS.values()) >= 5_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_of_each_kind(kind: str, arena: Arena) -> None:
    assert faults_of(kind, SAMPLE, arena) == []


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_each_kind(kind: str, tmp_path: Path) -> None:
    with Arena(tmp_path) as arena:
        assert faults_of(kind, KINDS[kind][1], arena) == []
    assert len(arena.outcomes) > 0
