"""What was measured: seconds, tokens per second, bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Answered(NamedTuple):
    """One answer: when its request was sent, and when each of its tokens came, on one clock (s)."""

    sent: float
    tokens: tuple[float, ...]

    @property
    def ttft_s(self) -> float:
        return self.tokens[0] - self.sent

    @property
    def decode_tps(self) -> float:
        return (len(self.tokens) - 1) / (self.tokens[-1] - self.tokens[0])


class Memory(NamedTuple):
    """Bytes, by MLX's own counters; `cached` is freed memory that MLX keeps for reuse."""

    peak: int
    cached: int


class Depth(NamedTuple):
    """One request after a prompt of `prompt_tokens`.

    `cached_ttft_s` is for the same prompt again, None for a side that keeps no prompts.
    """

    prompt_tokens: int
    prefill_tps: float
    ttft_s: float
    cached_ttft_s: float | None
    decode_tps: float


class Streams(NamedTuple):
    """Tokens per second of `streams` requests together, after prompts of equal and mixed length."""

    streams: int
    equal_tps: float
    mixed_tps: float


class Speeds(NamedTuple):
    """`first_ten_s` is from the very first request until its tenth token, compilation included.

    `left_out` says why prompts of a length, or so many streams, were not measured.
    """

    first_ten_s: float
    depths: tuple[Depth, ...]
    streams: tuple[Streams, ...]
    memory: Memory
    left_out: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {
            "first_ten_s": self.first_ten_s,
            "depths": [each._asdict() for each in self.depths],
            "streams": [each._asdict() for each in self.streams],
            "memory": self.memory._asdict(),
            "left_out": dict(self.left_out),
        }


def together_tps(answers: Sequence[Answered]) -> float:
    """Tokens per second while all of them are being written; of the whole time if that is never.

    So the prompts' time is left out where all had begun before the first one ended.
    """
    begin = max(answer.tokens[0] for answer in answers)
    end = min(answer.tokens[-1] for answer in answers)
    if end <= begin:
        begin = min(answer.tokens[0] for answer in answers)
        end = max(answer.tokens[-1] for answer in answers)
    times = [time for answer in answers for time in answer.tokens if begin < time <= end]
    return len(times) / (end - begin)
