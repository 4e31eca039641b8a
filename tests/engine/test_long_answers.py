"""How long an answer becomes on Macs of common sizes, whose memory and models are simulated.

The schedule is the real one. That the pool takes no more than it says is tested in
tests/model/test_kv_growth.py.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from qwen3mlx.config import ModelConfig
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import EndOutput, Token
from qwen3mlx.engine.plan import GrowRow, StepOutputs, StepPlan
from qwen3mlx.engine.schedule import Schedule
from qwen3mlx.engine.throttle import Pace
from qwen3mlx.errors import MemoryBudgetError
from qwen3mlx.library import DEMOS
from qwen3mlx.model import Footprint, device
from tests.engine.support import Request


class Mac(NamedTuple):
    """A model with 4-bit weights, and the memory that Metal recommends to use on this Mac."""

    parameters: float
    num_layers: int
    kv_heads: int
    memory_gib: int

    @property
    def weights(self) -> int:
        """4.5 bits for each parameter, scales and biases included."""
        return int(self.parameters * 4.5 / 8)

    @property
    def config(self) -> ModelConfig:
        """What decides how much a token takes."""
        return ModelConfig.from_folder(DEMOS["demo"])._replace(
            num_hidden_layers=self.num_layers,
            num_key_value_heads=self.kv_heads,
            num_attention_heads=self.kv_heads,
            head_dim=128,
            max_position_embeddings=10**6,
        )

    @property
    def bytes_per_token(self) -> int:
        return 2 * self.num_layers * self.kv_heads * 128 * 2

    @property
    def usable(self) -> int:
        return self.memory_gib * 2**30 * 2 // 3


MACS = {
    "8B on 16 GB": Mac(8.19e9, 36, 8, 16),
    "30B-A3B on 32 GB": Mac(30.5e9, 48, 4, 32),
    "32B on 36 GB": Mac(32.8e9, 64, 8, 36),
}


@pytest.fixture(params=MACS.values(), ids=list(MACS))
def mac(request: pytest.FixtureRequest) -> Mac:
    mac: Mac = request.param
    return mac


@pytest.fixture
def budget(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> MemoryBudget:
    monkeypatch.setattr(device, "usable_memory", lambda: mac.usable)
    return MemoryBudget(device.default_memory_limit(), weights=mac.weights)


@pytest.fixture
def schedule(mac: Mac, budget: MemoryBudget) -> Schedule:
    schedule = Schedule(
        bytes_per_token=mac.bytes_per_token,
        num_layers=mac.num_layers,
        pace=Pace.for_device(2048, on_cpu=False),
        budget=budget,
    )
    budget.evictors.append(schedule.pool.prefixes.evict)
    return schedule


def answer(schedule: Schedule, prompt_tokens: int, max_tokens: int) -> tuple[Request, list[int]]:
    """Return an answer and the capacities that its row grew to."""
    request = Request([1] * prompt_tokens, max_tokens=max_tokens)
    schedule.submit(request.sequence, 0.0)
    before, grown = StepPlan(), []
    while not request.is_done:
        plan = schedule.plan(0.0)
        grown += [change.capacity for change in plan.changes if isinstance(change, GrowRow)]
        rows = [row for batch in before.decode for row in batch.rows]
        before = plan
        schedule.apply(
            StepOutputs(
                decoded=tuple((row.row, (Token(1),)) for row in rows),
                sampled=(Token(1),) if plan.prefill and plan.prefill.draw else (),
            )
        )
        assert schedule.pool.layout.nbytes <= schedule._budget.limit - schedule._budget.weights
    return request, grown


@pytest.mark.parametrize("share", [0.05, 0.8])
def test_an_answer_ends_where_memory_does(
    schedule: Schedule, budget: MemoryBudget, mac: Mac, share: float
) -> None:
    fitting = budget.largest_request // mac.bytes_per_token
    request, grown = answer(schedule, int(share * fitting), 10**6)
    assert request.outputs[-1] == EndOutput("length")
    assert 0.95 * fitting <= len(request.sequence.ids) <= fitting
    assert len(grown) <= 40, "each time all of it is copied"


def test_a_prompt_that_fills_the_memory_is_answered(
    schedule: Schedule, budget: MemoryBudget, mac: Mac
) -> None:
    fitting = Footprint(mac.config, mac.weights, 2).longest_request(budget.limit)
    assert fitting >= 0.98 * budget.largest_request // mac.bytes_per_token
    with pytest.raises(MemoryBudgetError):
        schedule.submit(Request([1] * fitting).sequence, 0.0)
    request, grown = answer(schedule, fitting - 1, 1)
    assert request.reason == "length"
    assert len(request.ids) == 1
    assert not grown


def test_a_long_row_has_room_for_a_thousand_tokens_of_the_answer(schedule: Schedule) -> None:
    for prompt_tokens in (4096, 5000):
        _, grown = answer(schedule, prompt_tokens, 1000)
        assert not grown


def test_a_short_answer_gets_no_room_for_a_long_one(schedule: Schedule) -> None:
    request = Request([1] * 5000, max_tokens=16)
    schedule.submit(request.sequence, 0.0)
    schedule.plan(0.0)
    assert request.sequence.row is not None
    assert request.sequence.row.capacity < 5000 + 300
