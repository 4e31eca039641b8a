"""Hostile input of any kind causes no traceback, hang, exit or memory growth, and the server
continues.
"""

from __future__ import annotations

import os
import random
import signal
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from .hostile import Cases
from .hostile.arena import Arena
from .hostile.trials import KINDS, Trial

SEED = os.environ.get("HOSTILE_SEED", "1")
SAMPLE = 1
# Faults that are told before the rest is given up.
ENOUGH = 20


def cases_of(kind: str) -> Cases:
    """Yield endlessly; the same cases for the same seed."""
    rng = random.Random(f"{kind} {SEED}")
    make = import_module(f"{__package__}.hostile.{kind}").cases
    while True:
        yield from make(rng)


def faults_of(kind: str, count: int, arena: Arena) -> list[str]:
    """Return what went wrong, with the case's number and name."""
    trial, _ = KINDS[kind]
    found: list[str] = []
    for number, (name, write) in enumerate(islice(cases_of(kind), count)):
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


@pytest.mark.timeout(300)
def test_a_few_of_each_kind(tmp_path: Path) -> None:
    with Arena(tmp_path) as arena:
        assert [fault for kind in KINDS for fault in faults_of(kind, SAMPLE, arena)] == []


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_each_kind(kind: str, tmp_path: Path) -> None:
    with Arena(tmp_path) as arena:
        assert faults_of(kind, KINDS[kind][1], arena) == []
    assert len(arena.outcomes) > 0


def killed(arena: Arena, folder: Path) -> list[str]:
    os.kill(arena.pid, signal.SIGKILL)
    return []


def held_up(arena: Arena, folder: Path) -> list[str]:
    """Longer than `/health` may take."""
    os.kill(arena.pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(arena.pid, signal.SIGCONT)
    time.sleep(0.2)
    return []


def letter_changed(arena: Arena, folder: Path) -> list[str]:
    (arena.outside / "letter.txt").write_text("not so dear")
    return []


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    ("trial", "said"),
    [(killed, "the server ended"), (held_up, "/health took"), (letter_changed, "outside")],
)
def test_what_goes_wrong_is_noticed(trial: Trial, said: str, tmp_path: Path) -> None:
    with Arena(tmp_path) as arena:
        faults = arena.attempt(lambda folder: None, trial)
        assert any(said in fault for fault in faults)
        assert arena.attempt(lambda folder: None, lambda arena, folder: []) == []
