"""qwen3mlx, driven as its own runtime drives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import qwen3mlx
from qwen3mlx.config import SamplingParams
from qwen3mlx.generate import Decoder, ThinkingMeter, Token, TokenStream

from .side import Sampling


class Ours:
    # The decode step is compiled after 64 (on a GPU at once).
    warm_up_tokens = 80

    def load(self, path: str) -> None:
        self.model = qwen3mlx.load_model(path)
        self.decoder = Decoder(self.model)

    @property
    def weight_bytes(self) -> int:
        return self.model.nbytes

    def generate(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling) -> Iterator[int]:
        request = SamplingParams(
            temperature=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k, seed=0
        )
        tokens = TokenStream(
            self.decoder,
            prompt,
            request,
            max_tokens=max_tokens,
            stop_ids=(),
            meter=ThinkingMeter(None, None),
        )
        for event in tokens:
            if isinstance(event, Token):
                yield event.id
