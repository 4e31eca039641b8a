"""A step has enough command buffers for its keys and values to be written in place.

A buffer holds what its kernels read until it has run, and MLX copies what is held instead of
writing into it. Since MLX waits while more than `UNDER_WAY` are on their way, those of the step
before have run when a layer's turn comes, if a step has a few more than that.
"""

from __future__ import annotations

import os
from functools import partial

import mlx.core as mx
import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate import SamplingBatch
from qwen3mlx.generate.decoder import _step
from qwen3mlx.model import Layer, Qwen3, Run
from qwen3mlx.settings.table import COMMAND_BUFFER_VARIABLES
from tests.config.released import RELEASED

from . import hollow
from .command_buffers import LIMITS, UNDER_WAY, Kernel, command_buffers, exported
from .graph import as_on_metal

CAPACITY = 1024


def kernels_of_a_step(model: Qwen3, params: SamplingParams) -> list[Kernel]:
    config = model.config
    sampling = SamplingBatch.for_requests([params], [()], config.vocab_size)
    stored = hollow.array(2, config.num_key_value_heads, CAPACITY, config.head_dim)
    places = mx.array([[0], [1]], mx.uint32)
    step = partial(_step, model, sampling.sampler, (Run(0, 0, 0, 1, CAPACITY),), True)

    def arrays(token: mx.array, offset: mx.array) -> list[mx.array]:
        layers: list[Layer] = [(stored[...],) for _ in model.blocks]
        batch = offset, places, [layers]
        chosen, _, written, _ = step(token, mx.array([[0.5]]), batch, sampling.arrays(), [])
        return [*chosen, *(array for layer in written[0] for array in layer)]

    return exported(arrays, (mx.array([5]), mx.array([100])))


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("name", RELEASED)
def test_a_step_of_one_row(name: str, limits: tuple[int, int]) -> None:
    most_kernels = min(limits[0], int(os.environ[COMMAND_BUFFER_VARIABLES[0]]))
    with as_on_metal():
        kernels = kernels_of_a_step(hollow.model(RELEASED[name]), SamplingParams(temperature=0))
    assert command_buffers(kernels, most_kernels, limits[1]) >= UNDER_WAY + 3


@pytest.mark.parametrize(("name", "expected"), [("8B", 14), ("30B-A3B", 19)])
def test_it_counts_the_kernels_that_the_graph_of_a_small_model_has(
    name: str, expected: int
) -> None:
    def dispatches(num_layers: int) -> int:
        model = hollow.model(RELEASED[name], num_layers)
        kernels = kernels_of_a_step(model, SamplingParams(temperature=0))
        return sum(kernel.dispatches for kernel in kernels)

    with as_on_metal():
        assert dispatches(3) - dispatches(2) == expected


MILLION = 2**20


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([1] * 40, 1),
        ([1] * 41, 2),
        ([1] * 82, 3),
        ([39 * MILLION, MILLION], 1),
        ([39 * MILLION, 2 * MILLION, 1], 2),
        ([60 * MILLION] * 3, 4),
    ],
)
def test_when_a_buffer_is_full(sizes: list[int], expected: int) -> None:
    kernels = [Kernel("", 1, {str(i): size}) for i, size in enumerate(sizes)]
    assert command_buffers(kernels, 40, 40) == expected


def test_what_a_buffer_holds_already_does_not_count_again() -> None:
    kernels = [Kernel("", 1, {"weights": 30 * MILLION})] * 10
    assert command_buffers(kernels, 40, 40) == 1
