"""What a model reads out of whole texts: embeddings, and how relevant documents are."""

from __future__ import annotations

from typing import NamedTuple

from .model_info import ModelInfo


class Embeddings(NamedTuple):
    """Unit vectors, one for each input; `prompt_tokens` counts all inputs."""

    model: ModelInfo
    vectors: list[list[float]]
    prompt_tokens: int

    @property
    def num_values(self) -> int:
        return sum(map(len, self.vectors))


class Ranking(NamedTuple):
    """How relevant each document is, from 0 to 1, in the order given."""

    model: ModelInfo
    scores: list[float]
    prompt_tokens: int
