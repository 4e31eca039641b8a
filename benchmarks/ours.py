"""qwen3mlx, driven as its own runtime drives it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import qwen3mlx
from qwen3mlx.config import SamplingParams
from qwen3mlx.engine.memory import MemoryBudget
from qwen3mlx.engine.outputs import EndOutput, Output, Token
from qwen3mlx.engine.runner import Runner
from qwen3mlx.engine.scheduler import Scheduler
from qwen3mlx.engine.sequence import Sequence as Request
from qwen3mlx.engine.uniforms import uniforms
from qwen3mlx.generate import Decoder, ThinkingMeter
from qwen3mlx.model.device import default_memory_limit
from qwen3mlx.thought import Thought

from .side import Sampling


class Ours:
    # The decode step is compiled after 64 tokens (on a GPU immediately).
    warm_up_tokens = 80

    def load(self, path: str) -> None:
        self.model = qwen3mlx.load_model(path)
        self.decoder = Decoder(self.model)

    @property
    def weight_bytes(self) -> int:
        return self.model.nbytes

    def generate(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling) -> Iterator[int]:
        """Generate with a separate scheduler, so that nothing of the prompt is cached."""
        outputs: deque[Output] = deque()
        request = Request(
            prompt,
            SamplingParams(
                temperature=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k, seed=0
            ),
            max_tokens=max_tokens,
            stop_ids=(),
            meter=ThinkingMeter(Thought("off", None, None)),
            sink=outputs.append,
            uniforms=uniforms(0),
        )
        scheduler = Scheduler(Runner(self.decoder), MemoryBudget(default_memory_limit()))
        scheduler.submit(request)
        while True:
            while not outputs:
                scheduler.step()
            output = outputs.popleft()
            if isinstance(output, EndOutput):
                return
            if isinstance(output, Token):
                yield output.id
