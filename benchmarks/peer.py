"""mlx-lm, driven as its own `stream_generate` drives it; imported in worker processes only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.generate import generate_step
from mlx_lm.sample_utils import make_sampler
from mlx_lm.utils import load_model

from .side import Sampling


class Peer:
    warm_up_tokens = 4

    def load(self, path: str) -> None:
        self.model, _ = load_model(Path(path))

    @property
    def weight_bytes(self) -> int:
        arrays = dict(tree_flatten(self.model.parameters())).values()
        return sum(array.nbytes for array in arrays if isinstance(array, mx.array))

    def generate(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling) -> Iterator[int]:
        mx.random.seed(0)
        sampler = make_sampler(
            temp=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k
        )
        steps = generate_step(
            mx.array(list(prompt)), self.model, max_tokens=max_tokens, sampler=sampler
        )
        for token, _ in steps:
            yield int(token)
