"""Requests of all kinds at once, some invalid, some cancelled, some made to fail."""

from __future__ import annotations

import pytest

from benchmarks.soak import CORRECT, CUT, ERROR, soaked

COUNT = 100


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_each_ends_as_it_should() -> None:
    with soaked() as soak:
        soak.learn()
        outcome = soak.run(COUNT)
    assert outcome.wrong == []
    assert outcome.hung == []
    assert sum(map(outcome.total, (CORRECT, ERROR, CUT))) == COUNT
    assert not any(outcome.left.values())
    assert outcome.alive


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_an_answer_that_is_not_the_one_taken_alone_is_noticed() -> None:
    with soaked() as soak:
        soak.learn()
        soak.alone = {key: {"choices": []} for key in soak.alone}
        outcome = soak.run(20)
    assert outcome.wrong
    assert outcome.total(CORRECT) == 0
    assert not outcome.alive
