"""Packing and the methods, on small matrices."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen3mlx_quantize.methods import gptq, mse, rtn

from qwen3mlx.config import QuantizationSpec
from qwen3mlx.model.packed import packed

BITS = (2, 3, 4, 5, 6, 8)


@given(st.sampled_from(BITS), st.integers(1, 5), st.sampled_from([32, 64, 160]), st.integers(0))
def test_mlx_unpacks_our_packed_integers(bits: int, rows: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = mx.array(random.integers(0, 1 << bits, (rows, width)).astype(np.uint32))
    ones = mx.ones((rows, width // 32))
    words = packed(values, bits)
    unpacked = mx.dequantize(words, ones, ones * 0, group_size=32, bits=bits)
    assert words.dtype == mx.uint32
    assert (unpacked == values.astype(mx.float32)).all().item()


def heavy_tailed(rows: int, width: int, seed: int, dtype: mx.Dtype) -> mx.array:
    random = np.random.default_rng(seed)
    values = random.standard_t(4, (rows, width)) * 0.02
    return mx.array(values.astype(np.float32)).astype(dtype)


def squared_error(made: Any, weight: mx.array, spec: QuantizationSpec) -> mx.array:
    """Return the value for each group."""
    off = made.unpacked(spec, mx.float32) - weight.astype(mx.float32)
    return (off**2).reshape(weight.shape[0], -1, spec.group_size).sum(-1)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float32], ids=str)
def test_a_searched_scale_has_a_smaller_error_than_rounding(bits: int, dtype: mx.Dtype) -> None:
    spec = QuantizationSpec(64, bits)
    weight = heavy_tailed(64, 512, bits, dtype)
    searched, rounded = (m.quantized(weight, spec) for m in (mse, rtn))
    for name, array in rounded.arrays().items():
        assert searched.arrays()[name].shape == array.shape
        assert searched.arrays()[name].dtype == array.dtype
    ours = squared_error(searched, weight, spec).sum()
    assert ours < 0.95 * squared_error(rounded, weight, spec).sum()


def test_constant_and_zero_groups_are_exact() -> None:
    weight = mx.concatenate([mx.zeros((2, 64)), mx.full((2, 64), 0.25)], axis=1)
    spec = QuantizationSpec(64, 4)
    assert (mse.quantized(weight, spec).unpacked(spec, mx.float32) == weight).all().item()


def test_the_chunk_size_does_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, spec = heavy_tailed(40, 128, 1, mx.bfloat16), QuantizationSpec(32, 4)
    whole = mse.quantized(weight, spec).arrays()
    monkeypatch.setattr(mse, "CHUNK", 128 * 7)
    for name, array in mse.quantized(weight, spec).arrays().items():
        assert (array == whole[name]).all().item()


@pytest.mark.parametrize("bits", [3, 4])
def test_gptq_preserves_the_product_with_its_inputs(bits: int) -> None:
    """On inputs that vary together, where one weight can make up for another."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(12, 256)).astype(np.float32)
    noise = 0.1 * random.normal(size=(1024, 256)).astype(np.float32)
    inputs = mx.array(random.normal(size=(1024, 12)).astype(np.float32) @ mixing + noise)
    weight, spec = heavy_tailed(96, 256, 2, mx.float32), QuantizationSpec(64, bits)

    def off(made: Any) -> float:
        lost = inputs @ (made.unpacked(spec, mx.float32) - weight).T
        return (lost**2).mean().item()

    assert off(gptq.quantized(weight, inputs.T @ inputs, inputs.shape[0], spec)) < 0.5 * off(
        mse.quantized(weight, spec)
    )


def test_gptq_on_few_rows_is_hardly_worse_than_a_search_without_any() -> None:
    """Half as many rows as inputs, which hardly vary together; measured on other rows."""
    random = np.random.default_rng(0)
    scales = np.arange(1, 129) ** -0.25
    seen, other = (random.normal(size=(n, 128)) * scales for n in (64, 2048))
    turn = np.linalg.qr(random.normal(size=(128, 128)))[0]
    inputs, test = (mx.array((rows @ turn).astype(np.float32)) for rows in (seen, other))
    weight, spec = heavy_tailed(32, 128, 2, mx.float32), QuantizationSpec(64, 3)

    def off(made: Any) -> float:
        return ((test @ (made.unpacked(spec, mx.float32) - weight).T) ** 2).mean().item()

    made = gptq.quantized(weight, inputs.T @ inputs, inputs.shape[0], spec)
    assert off(made) < 1.2 * off(mse.quantized(weight, spec))


def test_gptq_copes_with_inputs_that_are_always_zero() -> None:
    inputs = mx.concatenate([mx.random.normal((200, 64)), mx.zeros((200, 64))], axis=1)
    weight, spec = heavy_tailed(8, 128, 3, mx.float32), QuantizationSpec(64, 4)
    made = gptq.quantized(weight, inputs.T @ inputs, inputs.shape[0], spec)
    assert mx.isfinite(made.unpacked(spec, mx.float32)).all().item()
