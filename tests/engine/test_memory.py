from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config.memory import PREFIX_SHARE
from qwen3mlx.engine.memory import MemoryBudget

BYTES = st.integers(0, 100)


@given(limit=BYTES, weights=BYTES, live=BYTES, blocks=st.lists(st.integers(1, 20)), wanted=BYTES)
def test_room_is_made_of_prefixes_and_never_of_more_than_needed(
    limit, weights, live, blocks, wanted
):
    budget = MemoryBudget(limit=limit, weights=weights, live=live, prefixes=sum(blocks))

    def evict() -> bool:
        if not blocks:
            return False
        budget.prefixes -= blocks.pop()
        return True

    budget.evictors.append(evict)
    before = list(blocks)
    possible = limit - weights - live >= wanted
    assert budget.make_room(wanted) == possible
    if not possible:
        assert blocks == before
    else:
        assert budget.free >= wanted
        gone = before[len(blocks) :]
        assert not gone or budget.free - gone[0] < wanted


@given(weights=BYTES, live=BYTES, prefixes=BYTES, prefix_limit=st.none() | BYTES)
def test_prefixes_stay_within_their_share(weights, live, prefixes, prefix_limit):
    budget = MemoryBudget(
        limit=100, prefix_limit=prefix_limit, weights=weights, live=live, prefixes=prefixes
    )
    room = budget.room_for_prefixes
    assert room <= budget.free
    assert prefixes + room <= PREFIX_SHARE * budget.largest_request
    if prefix_limit is not None:
        assert prefixes + room <= prefix_limit


def test_the_largest_request_is_what_the_weights_leave():
    assert MemoryBudget(limit=100, weights=30, live=50).largest_request == 70
    assert MemoryBudget(limit=100, weights=130).largest_request == 0
