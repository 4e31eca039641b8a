"""Processing of texts before embedding, and of vectors after it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.library.scan import Library
from qwen3mlx.server.core.model_info import ModelInfo
from qwen3mlx.server.dialects.ollama.embed import cut
from qwen3mlx.server.dialects.shared.completions.embeddings import shorten


class Words:
    """A service whose tokens are words."""

    counted: int = 0

    async def tokenize(
        self, name: str | None, text: str, *, at_most: int | None = None
    ) -> list[int]:
        self.counted += 1
        return list(range(len(text.split())))


@pytest.mark.parametrize(("num_words", "kept"), [(3, None), (9, None), (10, 9), (11, 9), (500, 9)])
def test_texts_lose_what_the_context_does_not_hold(num_words: int, kept: int | None) -> None:
    service: Any = Words()
    model = replace(ModelInfo.of(Library(roots=()).find("demo"), None, None), max_context_length=10)
    text = "word " * num_words
    (fitting,) = asyncio.run(cut(service, model, [text]))
    assert fitting == (text if kept is None else list(range(kept)))


def test_short_texts_are_not_counted() -> None:
    service: Any = Words()
    model = ModelInfo.of(Library(roots=()).find("demo"), None, None)
    assert asyncio.run(cut(service, model, ["a short text", ""])) == ["a short text", ""]
    assert service.counted == 0


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
