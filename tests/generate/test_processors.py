from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.generate.processors import Penalties, bias_array

LOGITS = mx.array([[2.0, -2.0, 1.0, 0.0]])
COUNTS = mx.array([[3.0, 1.0, 0.0, 0.0]])


def test_no_penalties_no_work() -> None:
    assert Penalties.for_requests([SamplingParams()] * 2, [[0], [1]], 4) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"presence_penalty": 0.5}, [1.5, -2.5, 1.0, 0.0]),
        ({"frequency_penalty": 0.5}, [0.5, -2.5, 1.0, 0.0]),
        ({"repetition_penalty": 2.0}, [1.0, -4.0, 1.0, 0.0]),
        ({"presence_penalty": -1.0}, [3.0, -1.0, 1.0, 0.0]),
    ],
)
def test_each_penalty_acts_on_generated_tokens(
    values: dict[str, Any], expected: list[float]
) -> None:
    penalties = Penalties.for_requests([SamplingParams(**values)], [[0]], 4)
    assert penalties is not None
    np.testing.assert_allclose(np.array(penalties(LOGITS, COUNTS))[0], np.array(expected))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"repetition_penalty": 2.0}, [1.0, -2.0, 0.5, 0.0]),
        ({"presence_penalty": 1.0, "frequency_penalty": 1.0}, [2.0, -2.0, 1.0, 0.0]),
    ],
)
def test_only_repetition_counts_the_prompt(values: dict[str, Any], expected: list[float]) -> None:
    """As Hugging Face and vLLM do; OpenAI's two count what was generated."""
    penalties = Penalties.for_requests([SamplingParams(**values)], [[2, 0, 2]], 4)
    assert penalties is not None
    np.testing.assert_allclose(np.array(penalties(LOGITS, mx.zeros((1, 4))))[0], np.array(expected))


def test_every_row_has_its_own() -> None:
    requests = [
        SamplingParams(),
        SamplingParams(presence_penalty=1.0),
        SamplingParams(repetition_penalty=2.0),
    ]
    penalties = Penalties.for_requests(requests, [[2], [2], [2]], 4)
    assert penalties is not None
    out = np.array(penalties(mx.repeat(LOGITS, 3, axis=0), mx.repeat(COUNTS, 3, axis=0)))
    np.testing.assert_allclose(out[0], np.array(LOGITS)[0])
    np.testing.assert_allclose(out[1], [1.0, -3.0, 1.0, 0.0])
    np.testing.assert_allclose(out[2], [1.0, -4.0, 0.5, 0.0])


def test_bias_row() -> None:
    row = bias_array({1: 5, 3: -float("inf"), 7: -float("inf")}, 4)
    assert row is not None
    assert row.tolist() == [[0.0, 5.0, 0.0, -float("inf")]]
    assert bias_array({}, 4) is bias_array({4: 1.0}, 4) is None
