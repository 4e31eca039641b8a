"""Processing of vectors after embedding."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.engine.embedding_inputs import shorten
from qwen3mlx.errors import InvalidRequestError


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.data())
def test_a_shortened_vector_is_its_beginning_as_a_unit_vector(
    vector: list[float], data: st.DataObject
) -> None:
    dimensions = data.draw(st.integers(1, len(vector) - 1))
    short = shorten(vector, dimensions)
    assert len(short) == dimensions
    length = math.hypot(*vector[:dimensions])
    assert [value * length for value in short] == pytest.approx(vector[:dimensions], abs=1e-6)


def test_dimensions_that_are_not_there_are_refused() -> None:
    assert shorten([0.6, 0.8], 0) == shorten([0.6, 0.8], None) == [0.6, 0.8]
    with pytest.raises(InvalidRequestError, match="have 2") as caught:
        shorten([0.6, 0.8], 3)
    assert caught.value.param == "dimensions"
