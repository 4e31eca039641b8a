"""Which prompts are sent, and what their answers' times mean; the same for both sides."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Protocol

from ..errors import MemoryBudgetError
from .results import Answered, Depth, Memory, Speeds, Streams, together_tps

# Lengths of prompts, in tokens. At the first of them, decoding starts with an empty cache.
DEPTHS = (16, 512, 4_096, 16_384, 32_768)
NUM_STREAMS = (1, 2, 4, 8)
EQUAL = 512
MIXED = (64, 1_024, 128, 512, 256, 768, 32, 384)
# Tokens of each answer.
NUM_TOKENS = 64
SEED = 7

Progress = Callable[[str], None]
Prompts = Sequence[Sequence[int]]


class Side(Protocol):
    keeps_prompts: bool

    def answer(self, prompts: Prompts, num_tokens: int) -> list[Answered]:
        """Send all prompts at once, and wait until each has `num_tokens` tokens."""

    def memory(self) -> Memory: ...


def measure(
    side: Side, *, vocab_size: int, context_length: int, repeats: int, progress: Progress
) -> Speeds:
    """Measure everything; each number is the median of `repeats` measurements.

    Prompts are random ids below `vocab_size`, the same ones for every side; none repeats another's
    beginning, except where a cached prompt is measured. What does not fit in memory is left out.
    Raises whatever else `side` raises.
    """
    bench = _Bench(side, vocab_size, repeats)
    room = context_length - NUM_TOKENS
    progress("the first ten tokens")
    first = bench.answer([DEPTHS[0]])[0]
    bench.answer([DEPTHS[0]])  # whatever is compiled late is compiled now
    depths: list[Depth] = []
    streams: list[Streams] = []
    left_out: dict[str, str] = {}
    for length in DEPTHS:
        name = f"a prompt of {length:,} tokens"
        if length > room:
            left_out[name] = f"the context is {context_length:,} tokens"
            continue
        with _left_out_if_too_large(name, left_out, progress):
            depths.append(bench.depth(length))
    for num_streams in NUM_STREAMS:
        name = "1 stream" if num_streams == 1 else f"{num_streams} streams"
        with _left_out_if_too_large(name, left_out, progress):
            streams.append(bench.streams(num_streams, room))
    return Speeds(
        first_ten_s=first.tokens[9] - first.sent,
        depths=tuple(depths),
        streams=tuple(streams),
        memory=side.memory(),
        left_out=left_out,
    )


@contextmanager
def _left_out_if_too_large(
    name: str, left_out: dict[str, str], progress: Progress
) -> Iterator[None]:
    progress(name)
    try:
        yield
    except MemoryBudgetError as error:
        left_out[name] = str(error)


class _Bench:
    def __init__(self, side: Side, vocab_size: int, repeats: int) -> None:
        self._side = side
        self._vocab_size = vocab_size
        self._repeats = repeats
        self._random = random.Random(SEED)

    def answer(self, lengths: Iterable[int]) -> list[Answered]:
        return self._side.answer([self._prompt(length) for length in lengths], NUM_TOKENS)

    def depth(self, length: int) -> Depth:
        cold, again = [], []
        for _ in range(self._repeats):
            prompt = self._prompt(length)
            cold += self._side.answer([prompt], NUM_TOKENS)
            if self._side.keeps_prompts:
                again += self._side.answer([prompt], NUM_TOKENS)
        ttft = median(answer.ttft_s for answer in cold)
        return Depth(
            prompt_tokens=length,
            prefill_tps=length / ttft,
            ttft_s=ttft,
            cached_ttft_s=median(answer.ttft_s for answer in again) if again else None,
            decode_tps=median(answer.decode_tps for answer in cold),
        )

    def streams(self, num_streams: int, room: int) -> Streams:
        equal = [min(EQUAL, room)] * num_streams
        mixed = [min(length, room) for length in MIXED[:num_streams]]
        return Streams(num_streams, self._together(equal), self._together(mixed))

    def _together(self, lengths: Sequence[int]) -> float:
        return median(together_tps(self.answer(lengths)) for _ in range(self._repeats))

    def _prompt(self, length: int) -> list[int]:
        return [self._random.randrange(self._vocab_size) for _ in range(length)]
