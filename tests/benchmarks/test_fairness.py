"""Measuring a stream during an attack."""

from __future__ import annotations

import pytest

from benchmarks.fairness import longest_gap, speed
from benchmarks.serving_client import Streamed


def streamed(*times: float) -> Streamed:
    return Streamed(0.0, times=list(times))


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        ((1.0, 1.5, 1.7, 2.0), 0.5),
        ((1.0, 1.9), 0.9),  # within the attack
        ((1.0, 1.1), 0.9),  # silent until its end
        ((0.5, 2.5), 1.0),  # all the while
        ((0.1, 0.9, 1.3, 1.6), 0.4),  # what was before does not count
    ],
)
def test_the_longest_gap_is_that_within_the_attack(times: tuple[float, ...], gap: float) -> None:
    assert longest_gap(streamed(*times), 1.0, 2.0) == pytest.approx(gap)


def test_the_speed_is_that_within_the_attack() -> None:
    assert speed(streamed(0.5, 1.1, 1.2, 1.3, 2.5), 1.0, 2.0) == pytest.approx(3.0)
