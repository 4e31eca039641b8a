"""A row whose mask depends on a token that nobody has read is fed without a draw."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import pytest

from qwen3mlx.engine import runner
from qwen3mlx.engine.plan import StepOutputs, StepPlan
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.generate import Decoder
from tests.engine.support import PROMPTS, Request, finish, ids_alone, scheduler_for

NUM_TOKENS = 20
ODD, EVEN = b"\xaa" * 40, b"\x55" * 40


class OddAndEven:
    """Odd and even ids in turn: another mask after each token."""

    is_unchecked = False

    def __init__(self) -> None:
        self.seen: list[int] = []

    def mask(self) -> bytes | None:
        return EVEN if len(self.seen) % 2 else ODD

    def announce(self, token_id: int) -> None:
        pass

    def observe(self, token_id: int) -> int:
        self.seen.append(token_id)
        return 0


class BreaksAt(OddAndEven):
    """Its mask is none after so many tokens."""

    def __init__(self, num_tokens: int) -> None:
        super().__init__()
        self.num_tokens = num_tokens

    def mask(self) -> bytes | None:
        return b"\xff" * 3 if len(self.seen) == self.num_tokens else super().mask()


def plans_of(scheduler: Scheduler) -> list[StepPlan]:
    """The plans, from now on."""
    plans: list[StepPlan] = []
    run = scheduler.runner.run

    def watched(plan: StepPlan) -> StepOutputs:
        plans.append(plan)
        return run(plan)

    scheduler.runner.run = watched  # type: ignore[method-assign]
    return plans


def follows(ids: list[int]) -> bool:
    return all(token_id % 2 != index % 2 for index, token_id in enumerate(ids))


SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 1.0, "top_k": 20, "seed": 3},
    {"temperature": 1.0, "seed": 4, "presence_penalty": 1.0, "repetition_penalty": 1.3},
    {"logprobs": True, "top_logprobs": 3, "logit_bias": {3: 4.0, 6: 4.0}},
]


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
def test_each_token_follows_the_mask_of_those_before_it(
    decoder: Decoder, sampling: dict[str, Any]
) -> None:
    scheduler = scheduler_for(decoder)
    bound = [
        Request(prompt, max_tokens=NUM_TOKENS, constraint=OddAndEven(), **sampling)
        for prompt in PROMPTS[:2]
    ]
    free = Request(PROMPTS[3], max_tokens=NUM_TOKENS)
    for request in (*bound, free):
        scheduler.submit(request.sequence)
    finish(scheduler, *bound, free)
    for request, prompt in zip(bound, PROMPTS, strict=False):
        assert follows(request.ids)
        assert request.ids == request.sequence.constraint.seen  # type: ignore[union-attr]
        alone = ids_alone(
            decoder, prompt, max_tokens=NUM_TOKENS, constraint=OddAndEven(), **sampling
        )
        assert request.ids == alone
        assert {len(token.top) for token in request.tokens} == {sampling.get("top_logprobs", 0)}
    assert free.ids == ids_alone(decoder, PROMPTS[3], max_tokens=NUM_TOKENS)


@pytest.mark.parametrize("num_free", [0, 2])
def test_no_step_waits_for_a_mask(
    decoder: Decoder, num_free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is under way before the tokens that it feeds are read, and none is in vain."""
    scheduler = scheduler_for(decoder)
    bound = Request(PROMPTS[0], max_tokens=NUM_TOKENS, constraint=OddAndEven())
    free = [Request(PROMPTS[i + 2], max_tokens=NUM_TOKENS) for i in range(num_free)]
    for request in (bound, *free):
        scheduler.submit(request.sequence)
    while len(scheduler.running) <= num_free:
        scheduler.step()
    for _ in range(2):  # of the first step after a prompt, all is known
        scheduler.step()
    events: list[str] = []
    read, launch = runner.read_tokens, mx.async_eval
    monkeypatch.setattr(runner, "read_tokens", lambda t: (events.append("read"), read(t))[1])
    monkeypatch.setattr(mx, "async_eval", lambda *a: (events.append("launch"), launch(*a))[1])
    plans, before = plans_of(scheduler), len(bound.ids)
    for _ in range(8):
        events.clear()
        scheduler.step()
        reads = ["read"] * (2 if num_free else 1)
        assert events == ["launch", "launch", *reads], "the draw, the next step, both's tokens"
    assert len(bound.ids) - before == 8
    for plan in plans:
        (batch,) = plan.decode
        assert len(batch.rows) == num_free + 1
        assert all(row.tokens is None for row in batch.rows)
        undrawn = [row.row for row in batch.rows if row.draw is None]
        assert [late.row for late in plan.draws] == undrawn == [bound.sequence.row_number]


def test_a_mask_that_is_none_costs_its_own_request(
    decoder: Decoder, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = scheduler_for(decoder)
    bound = Request(PROMPTS[0], max_tokens=NUM_TOKENS, constraint=BreaksAt(6))
    free = Request(PROMPTS[3], max_tokens=NUM_TOKENS)
    for request in (bound, free):
        scheduler.submit(request.sequence)
    finish(scheduler, bound, free)
    assert isinstance(bound.error, TypeError)
    assert len(bound.ids) == 6
    assert free.ids == ids_alone(decoder, PROMPTS[3], max_tokens=NUM_TOKENS)
