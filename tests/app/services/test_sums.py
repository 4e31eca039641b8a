from __future__ import annotations

import random
from itertools import accumulate

import pytest
from qwen3mlx_app.services.sums import Sums


def check(sums: Sums, values: list[int]) -> None:
    """Everything it tells, against plain sums."""
    starts = [0, *accumulate(values)]
    assert len(sums) == len(values)
    assert [sums[place] for place in range(len(values))] == values
    assert [sums.before(place) for place in range(len(values) + 1)] == starts
    assert sums.total == starts[-1]
    for amount in (-1, 0, 1, 7, starts[-1] // 2, starts[-1] - 1, starts[-1], starts[-1] + 5):
        after = (place for place, start in enumerate(starts[1:]) if start > amount)
        assert sums.find(amount) == next(after, len(values)), amount


@pytest.mark.parametrize("seed", range(20))
def test_sums_follow_every_change(seed: int) -> None:
    dice, sums, values = random.Random(seed), Sums(), list[int]()
    for _ in range(60):
        new = [dice.choice((0, 1, 3, 50)) for _ in range(dice.randrange(9))]
        place = dice.randint(0, len(values))
        match dice.randrange(4):
            case 0:
                sums.replace(place, new)
                values[place:] = new
            case 1:
                sums.insert(place, new)
                values[place:place] = new
            case 2:
                count = dice.randint(0, len(values) - place)
                assert sums.take(place, count) == values[place : place + count]
                del values[place : place + count]
            case _ if place < len(values):
                sums[place] = values[place] = dice.randrange(100)
        check(sums, values)


def test_a_change_touches_few_of_many() -> None:
    sums, touched = Sums(), 0

    class Tree(list[int]):
        def __getitem__(self, place):  # type: ignore[no-untyped-def]
            nonlocal touched
            touched += 1
            return super().__getitem__(place)

    sums.replace(0, [1] * 100_000)
    sums._tree = Tree(sums._tree)
    sums[50_000] = 7
    assert sums.find(sums.before(99_999)) == 99_999
    assert sums.total == 100_006
    assert touched < 120
