"""Every value that cannot be fulfilled is refused by name."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.config import LoadOptions, SamplingParams
from qwen3mlx.errors import InvalidRequestError

NAN, INFINITY = float("nan"), float("inf")

# The smallest and the largest that are right, and what is not.
RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "temperature": ([0, 0.6, 100], [-0.1, 101, NAN, INFINITY, "1", None, True]),
    "top_p": ([0, 1e-9, 0.95, 1], [-0.1, 1.01, NAN, "1", None, False]),
    "top_k": ([0, 20, 2**31 - 1], [-1, 2**31, 1.5, 20.0, NAN, "20", None, True]),
    "min_p": ([0, 0.1, 1], [-0.1, 1.1, NAN, None]),
    "repetition_penalty": ([1e-9, 1.1, 100], [0, -1, 101, NAN, None]),
    "presence_penalty": ([-2, 0, 2], [-2.1, 2.1, NAN, None, "0"]),
    "frequency_penalty": ([-2, 0, 2], [-2.1, 2.1, NAN, None, "0"]),
    "top_logprobs": ([0, 20], [-1, 21, 1.5, None, True]),
    "logprobs": ([True, False], [1, "yes", None]),
    "seed": ([None, 0, -5, 2**64 - 1], [1.5, "abc", [1], True, 2**64]),
    "stop_token_ids": ([(), (0, 151645)], [(-1,), ("12",), (1.5,)]),
    "min_tokens": ([0, 100], [-1, 2**31, 0.5, None]),
    "max_tokens": ([None, 0, 1, 2**31 - 1], [-1, 2**31, 1.5, "10", True]),
    "thinking_budget": ([None, 0, 1000], [-1, 2**31, 1.5, "10", True]),
    "logit_bias": ([{}, {3: -100, 4: 100.0}], [{3: 101}, {3: -101}, {3: NAN}, {3: None}]),
    "stop": ([(), ("a", "b"), ["a"]], ["text", ("a", ""), ("",), (1,), (None,), None, {"a": 1}]),
}

GOOD = [(name, value) for name, (good, _) in RANGES.items() for value in good]
BAD = [(name, value) for name, (_, bad) in RANGES.items() for value in bad]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_sampling_accepts(name: str, value: object) -> None:
    given = {"logprobs": True, name: value}
    assert getattr(SamplingParams(**given), name) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_sampling_refuses(name: str, value: object) -> None:
    with pytest.raises(InvalidRequestError, match=name) as caught:
        SamplingParams(**{name: value})  # type: ignore[arg-type]
    assert caught.value.param == name
    assert "\n" not in str(caught.value)


def test_logit_bias_names_the_token() -> None:
    with pytest.raises(InvalidRequestError, match="17"):
        SamplingParams(logit_bias={3: 1.0, 17: 1000.0})


def test_defaults_are_the_thinking_mode_of_the_card() -> None:
    params = SamplingParams()
    assert (params.temperature, params.top_p, params.top_k, params.min_p) == (0.6, 0.95, 20, 0)


@given(
    name=st.sampled_from(sorted(RANGES.keys() - {"logit_bias", "stop"})),
    value=st.integers() | st.floats() | st.booleans() | st.none() | st.text(max_size=3),
)
def test_no_value_escapes(name: str, value: Any) -> None:
    try:
        SamplingParams(**{name: value})
    except InvalidRequestError as error:
        refused = error.param
    else:
        refused = name
    assert refused == name


@pytest.mark.parametrize("options", [SamplingParams(), LoadOptions()])
def test_frozen(options: Any) -> None:
    field = dataclasses.fields(options)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(options, field, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("context_length", 0),
        ("context_length", -5),
        ("context_length", 2**31),
        ("context_length", 8.0),
        ("context_length", "8k"),
        ("context_length", True),
        ("rope_scaling", "yarn"),
        ("rope_scaling", 4),
        ("rope_scaling", [("rope_type", "yarn")]),
        ("rope_scaling", {}),
        ("rope_scaling", {"x": 1}),
        ("kv_bits", 2),
        ("kv_bits", 16),
        ("kv_bits", 4.0),
        ("kv_bits", "8"),
        ("kv_bits", True),
    ],
)
def test_loading_refuses(name: str, value: object) -> None:
    with pytest.raises(InvalidRequestError, match=name) as caught:
        LoadOptions(**{name: value})  # type: ignore[arg-type]
    assert caught.value.param == name


@pytest.mark.parametrize("kv_bits", [None, 4, 8])
def test_loading_accepts(kv_bits: int | None) -> None:
    assert LoadOptions(kv_bits=kv_bits, context_length=1, rope_scaling=None).kv_bits == kv_bits
