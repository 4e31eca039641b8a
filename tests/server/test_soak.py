"""Requests of all kinds at once, some bad, some cut, some made to fail."""

from __future__ import annotations

import pytest

from benchmarks.soak import CORRECT, CUT, ERROR, soaked

COUNT = 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_ends_as_it_should() -> None:
    with soaked() as soak:
        outcome = soak.run(COUNT)
    assert outcome.wrong == []
    assert outcome.hung == []
    assert sum(map(outcome.total, (CORRECT, ERROR, CUT))) == COUNT
    assert not any(outcome.left.values())
    assert outcome.alive
