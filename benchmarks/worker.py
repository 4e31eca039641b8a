"""A program that runs one side in its own process and takes commands as lines of JSON.

python -m benchmarks.worker ours|peer
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import mlx.core as mx

from .side import Sampling, Side, counted_evaluations

# Tokens requested beyond the timed ones, so that both sides still look ahead at the end.
SPARE_TOKENS = 8


@dataclass(frozen=True)
class Timing:
    """Times of one answer. `cpu_s` is all threads' processor time while decoding."""

    ttft_s: float
    decode_s: float
    cpu_s: float
    tokens: list[int]


class Worker:
    """The operations; arguments and results are JSON."""

    def __init__(self, side: Side) -> None:
        self.side = side

    def load(self, path: str) -> dict[str, Any]:
        self.side.load(path)
        return {"weight_bytes": self.side.weight_bytes}

    def warm_up(self, vocab_size: int, sampling: dict[str, Any]) -> dict[str, Any]:
        return self.generate(16, vocab_size, self.side.warm_up_tokens, sampling)

    def generate(
        self, prompt_tokens: int, vocab_size: int, num_tokens: int, sampling: dict[str, Any]
    ) -> dict[str, Any]:
        prompt = _prompt(prompt_tokens, vocab_size)
        start = time.perf_counter()
        answer = self.side.generate(prompt, num_tokens + SPARE_TOKENS, Sampling(**sampling))
        tokens = [next(answer)]
        first, first_cpu = time.perf_counter(), time.process_time()
        tokens.extend(islice(answer, num_tokens - 1))
        last, last_cpu = time.perf_counter(), time.process_time()
        answer.close()  # type: ignore[attr-defined]
        mx.synchronize()
        return asdict(Timing(first - start, last - first, last_cpu - first_cpu, tokens))

    def primitives(
        self,
        prompt_tokens: int,
        vocab_size: int,
        num_tokens: int,
        sampling: dict[str, Any],
        skip_tokens: int,
    ) -> dict[str, Any]:
        """Graph nodes given to MLX per token, over `num_tokens` steps after `skip_tokens`."""
        prompt = _prompt(prompt_tokens, vocab_size)
        max_tokens = skip_tokens + num_tokens + SPARE_TOKENS
        answer = self.side.generate(prompt, max_tokens, Sampling(**sampling))
        with counted_evaluations() as counts:
            for _ in range(skip_tokens):
                next(answer)
            counts.clear()
            for _ in range(num_tokens):
                next(answer)
            total = sum(counts, start=Counter[str]())
        answer.close()  # type: ignore[attr-defined]
        per_step = {kind: count / num_tokens for kind, count in total.most_common()}
        return {"per_step": sum(total.values()) / num_tokens, "kinds": per_step}


def _prompt(length: int, vocab_size: int) -> list[int]:
    return random.Random(0).choices(range(2, vocab_size), k=length)


def make_side(name: str) -> Side:
    if name == "ours":
        from .ours import Ours

        return Ours()
    from .peer import Peer

    return Peer()


def main(name: str) -> None:
    """Reply through a copy of stdout; anything else that prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(make_side(name))
    for line in sys.stdin:
        request = json.loads(line)
        reply = getattr(worker, request.pop("op"))(**request)
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
