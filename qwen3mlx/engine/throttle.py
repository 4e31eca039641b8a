"""Divides the device between prefill and decode, so that a long prompt never starves streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# Share of the time that prompts get while answers stream. On a GPU it grows once the oldest has
# waited for `PATIENCE` seconds, to the largest after that time again.
PREFILL_SHARE = 0.2
LARGEST_SHARE = 0.5
PATIENCE = 30.0
# Seconds that one chunk of a prompt can delay a stream's next token, and that a new
# request waits for a chunk of another prompt while nothing streams.
STREAM_GAP = 0.15
IDLE_GAP = 0.5
# Prompts up to this many tokens run at once, whatever their share; up to this many seconds of
# debt are paid back later.
SHORT_PROMPT = 64
MAX_DEBT = 1.0
# Fewer tokens say nothing about the speed.
LEAST_CHUNK = 32
# The chunk beside streams while no speed is known.
FIRST_CHUNK = 128
# A larger chunk that is this much faster is worth a longer gap on a GPU.
WORTHWHILE = 1.15
LONGEST_GAP = 1.5


class Pace(NamedTuple):
    """What depends on the device.

    A chunk has at most `most` tokens; at least `alone` while nobody else waits, else `beside`. All
    are powers of two. For a larger chunk that is worthwhile, streams wait up to `longest_gap_s`.
    The share of prompts grows to `largest_share`.
    """

    most: int
    alone: int
    beside: int
    longest_gap_s: float
    largest_share: float

    @classmethod
    def for_device(cls, most: int, *, on_cpu: bool) -> Pace:
        """On the CPU small chunks are as fast as large ones; a GPU needs large ones to be busy."""
        if on_cpu:
            least = min(LEAST_CHUNK, most)
            return cls(most, least, least, 0.0, PREFILL_SHARE)
        return cls(most, most, min(most, max(256, most // 4)), LONGEST_GAP, LARGEST_SHARE)


@dataclass(slots=True, eq=False)
class PrefillThrottle:
    """Decoding earns `budget_s`, the seconds that prefill can use; prefill spends them."""

    pace: Pace
    budget_s: float = 0.0
    _speeds: dict[int, float] = field(default_factory=dict)  # by size
    # Sizes measured once: the second time replaces the first, in which kernels may be compiled.
    _once: set[int] = field(default_factory=set)

    @property
    def tokens_per_second(self) -> float | None:
        """The highest speed of any size; None until one is known."""
        return max(self._speeds.values(), default=None)

    def decoded(self, seconds: float, waited_s: float = 0.0) -> None:
        """Count a step's time. `waited_s` is how long the oldest prompt has waited."""
        grown = min(max(waited_s / PATIENCE - 1, 0.0), 1.0)
        share = PREFILL_SHARE + grown * (self.pace.largest_share - PREFILL_SHARE)
        earned = seconds * share / (1 - share)
        self.budget_s = min(self.budget_s + earned, STREAM_GAP)

    def prefilled(self, num_tokens: int, seconds: float, *, streaming: bool) -> None:
        if streaming:
            self.budget_s -= seconds
        if num_tokens >= LEAST_CHUNK:
            self._measured(1 << (num_tokens.bit_length() - 1), num_tokens / max(seconds, 1e-6))

    def may_prefill(self, num_tokens: int, *, streaming: bool) -> bool:
        """Return whether a prompt with `num_tokens` left can run now."""
        if not streaming:
            self.budget_s = 0.0
            return True
        return self.budget_s >= (-MAX_DEBT if num_tokens <= SHORT_PROMPT else 0.0)

    def chunk(self, *, streaming: bool, others_wait: bool = False) -> int:
        """Return how many tokens to prefill at once: a power of two, so that few shapes occur.

        It is the largest chunk that keeps the gap, and no smaller than `pace` allow. Where that
        is much slower than larger ones, it is the next larger one: each size is tried twice.
        """
        pace, speeds = self.pace, self._speeds
        size = pace.beside if streaming or others_wait else pace.alone
        if not speeds:
            return max(size, min(FIRST_CHUNK, pace.most)) if streaming else pace.most
        gap = STREAM_GAP if streaming else IDLE_GAP
        while size < pace.most:
            seconds = 2 * size / _nearest(speeds, 2 * size)
            if seconds > (max(gap, pace.longest_gap_s) if self._is_slow(size) else gap):
                break
            size *= 2
        return min(size, pace.most)

    def _measured(self, size: int, speed: float) -> None:
        known = self._speeds.get(size)
        if known is None:
            self._once.add(size)
        elif size in self._once:
            self._once.remove(size)
        else:
            speed = 0.7 * known + 0.3 * speed
        self._speeds[size] = speed

    def _is_slow(self, size: int) -> bool:
        """Return whether larger chunks than this are worthwhile, or the next one is to be tried."""
        known = {one: speed for one, speed in self._speeds.items() if one not in self._once}
        if size not in known:
            return False
        larger = [speed for other, speed in known.items() if other > size]
        return not larger or max(larger) > WORTHWHILE * known[size]


def _nearest(speeds: dict[int, float], size: int) -> float:
    """Return the speed of this size, or of the measured one that is the most like it."""
    return speeds[min(speeds, key=lambda one: abs(one.bit_length() - size.bit_length()))]
