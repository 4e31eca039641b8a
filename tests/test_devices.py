"""The CPU and a Mac's GPU give the same numbers, although weights and kernels differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from qwen3mlx import load_model

from .support.checkpoints import DENSE, MOE, Shape, write_checkpoint

# Heads of 32 take none of Metal's attention kernels; those of 128 do, in groups of any size.
SHAPES = {
    "dense": DENSE,
    "moe": MOE,
    "groups of 4": replace(DENSE, head_dim=128, num_attention_heads=8),
    "groups of 8": replace(MOE, head_dim=128, num_attention_heads=16),
}
IDS = [[7, 301, 12, 64, 5, 5, 250, 19, 88, 143, 2, 31]]


@pytest.fixture(autouse=True)
def _keep_the_default_device() -> Iterator[None]:
    device = mx.default_device()
    yield
    mx.set_default_device(device)


def logits_on(device: mx.DeviceType, folder: Path) -> tuple[mx.array, mx.array]:
    """Run everything at once, and with a cache: first a chunk, then token by token."""
    mx.set_default_device(mx.Device(device))
    model = load_model(folder)
    ids = mx.array(IDS)
    whole = model(ids)
    cache = model.make_cache()
    pieces = [model(ids[:, :8], cache), *(model(ids[:, i : i + 1], cache) for i in range(8, 12))]
    stepwise = mx.concatenate(pieces, axis=1)
    mx.eval(whole, stepwise)
    return whole, stepwise


@pytest.mark.skipif(not mx.metal.is_available(), reason="needs a Mac's GPU")
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_metal_gives_the_numbers_of_the_cpu(shape: Shape, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, shape, dtype="float32")
    on_cpu, on_metal = logits_on(mx.cpu, folder), logits_on(mx.gpu, folder)
    mx.set_default_device(mx.Device(mx.cpu))
    for ours, reference in zip(on_metal, on_cpu, strict=True):
        largest = mx.abs(reference).max()
        assert mx.abs(ours - reference).max() <= 1e-4 * largest
