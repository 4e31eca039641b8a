"""The predicted peak of a run's memory is what MLX counts."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx.bench.ours import Ours
from qwen3mlx.config import LoadOptions
from qwen3mlx.config.memory import PREFILL_CHUNK
from qwen3mlx.engine.throttle import PrefillThrottle
from qwen3mlx.library.fit import Asked, peak_bytes
from qwen3mlx.model import footprint
from qwen3mlx.model.device import default_memory_limit
from tests.model.support import quantize_checkpoint
from tests.support.checkpoints import Shape, copy_qwen3_tokenizer, write_checkpoint

DENSE = Shape(
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=4,
    num_attention_heads=2,
    num_key_value_heads=2,
    head_dim=64,
    vocab_size=98304,
)
MOE = replace(DENSE, num_experts=8, num_experts_per_tok=2)
NUM_TOKENS = 16
CASES = [  # shape, bits of the weights, tokens of a prompt, answers at the same time, KV bits
    (DENSE, None, 512, 1, None),
    pytest.param(DENSE, None, 1024, 1, None, marks=pytest.mark.slow),
    pytest.param(DENSE, None, 768, 4, None, marks=pytest.mark.slow),
    pytest.param(DENSE, 4, 1024, 1, None, marks=pytest.mark.slow),
    pytest.param(DENSE, 8, 512, 4, None, marks=pytest.mark.slow),
    pytest.param(MOE, None, 512, 1, None, marks=pytest.mark.slow),
    pytest.param(MOE, 4, 512, 1, None, marks=pytest.mark.slow),
    pytest.param(MOE, 4, 512, 4, None, marks=pytest.mark.slow),
    pytest.param(MOE, 8, 1024, 4, None, marks=pytest.mark.slow),
    pytest.param(DENSE, None, 1024, 1, 8, marks=pytest.mark.slow),
]


@pytest.fixture
def whole_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts are computed in the largest chunks and at once, however fast this computer is."""
    always: Callable[..., bool] = lambda *_, **__: True  # noqa: E731
    monkeypatch.setattr(PrefillThrottle, "may_prefill", always)
    monkeypatch.setattr(PrefillThrottle, "chunk", lambda *_, **__: PREFILL_CHUNK)


@pytest.mark.usefixtures("whole_chunks")
@pytest.mark.parametrize(("shape", "bits", "prompt", "parallel", "kv_bits"), CASES)
def test_it_is_within_5_percent(
    shape: Shape,
    bits: int | None,
    prompt: int,
    parallel: int,
    kv_bits: int | None,
    tmp_path: Path,
) -> None:
    folder = write_checkpoint(tmp_path / "float", shape)
    copy_qwen3_tokenizer(folder)
    if bits is not None:
        spec = {"group_size": 64, "bits": bits}
        folder = quantize_checkpoint(folder, tmp_path / "pair", spec).quantized
    options = LoadOptions(kv_bits=kv_bits)
    ids = random.Random(1)
    prompts = [[ids.randrange(shape.vocab_size) for _ in range(prompt)] for _ in range(parallel)]
    needs = footprint(folder, options)
    with closing(Ours(folder, options)) as ours:
        loaded = mx.get_active_memory()
        mx.reset_peak_memory()
        ours.answer(prompts, NUM_TOKENS)
        measured = mx.get_peak_memory() - loaded + needs.weight_bytes
    asked = Asked(prompt + NUM_TOKENS, parallel, kv_bits)
    predicted = peak_bytes(needs, asked, default_memory_limit())
    assert predicted == pytest.approx(measured, rel=0.05)
