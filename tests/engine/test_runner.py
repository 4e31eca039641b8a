"""What a runner does beside the plans."""

from __future__ import annotations

import mlx.core as mx
import pytest

from qwen3mlx.engine import runner
from qwen3mlx.generate import Decoder
from tests.engine.support import run, scheduler_for


def test_freed_memory_is_given_back_every_few_hundred_steps(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runner.CLEAR_EVERY <= 512
    monkeypatch.setattr(runner, "CLEAR_EVERY", 10)
    cleared: list[int] = []
    clear = mx.clear_cache
    monkeypatch.setattr(mx, "clear_cache", lambda: (cleared.append(1), clear()))
    short, long = scheduler_for(decoder), scheduler_for(decoder)
    run(short, [1, 2, 3], max_tokens=2)
    at_its_ends = len(cleared)
    run(long, [1, 2, 3], max_tokens=52)
    assert len(cleared) - 2 * at_its_ends == 5
