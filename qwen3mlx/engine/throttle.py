"""Divides the device between prefill and decode, so that a long prompt never starves streams."""

from __future__ import annotations

from dataclasses import dataclass

# Share of the time that prompts get while answers stream.
PREFILL_SHARE = 0.2
# Seconds that one chunk of a prompt can delay a stream's next token, and that a new
# request waits for a chunk of another prompt while nothing streams.
STREAM_GAP = 0.15
IDLE_GAP = 0.5
# Prompts up to this many tokens run at once, whatever their share; up to this many seconds of
# debt are paid back later.
SHORT_PROMPT = 64
MAX_DEBT = 1.0
LEAST_CHUNK = 32


@dataclass(slots=True, eq=False)
class PrefillThrottle:
    """Decoding earns `budget_s`, the seconds that prefill can use; prefill spends them."""

    max_chunk: int
    budget_s: float = 0.0
    tokens_per_second: float | None = None

    def decoded(self, seconds: float) -> None:
        earned = seconds * PREFILL_SHARE / (1 - PREFILL_SHARE)
        self.budget_s = min(self.budget_s + earned, STREAM_GAP)

    def prefilled(self, num_tokens: int, seconds: float, *, streaming: bool) -> None:
        if streaming:
            self.budget_s -= seconds
        if num_tokens >= LEAST_CHUNK:
            speed = num_tokens / max(seconds, 1e-6)
            known = self.tokens_per_second
            self.tokens_per_second = speed if known is None else 0.7 * known + 0.3 * speed

    def may_prefill(self, num_tokens: int, *, streaming: bool) -> bool:
        """Return whether a prompt with `num_tokens` left can run now."""
        if not streaming:
            self.budget_s = 0.0
            return True
        return self.budget_s >= (-MAX_DEBT if num_tokens <= SHORT_PROMPT else 0.0)

    def chunk(self, *, streaming: bool) -> int:
        """Return how many tokens to prefill at once: a power of two, so that few shapes occur."""
        if self.tokens_per_second is None:
            return LEAST_CHUNK * 4 if streaming else self.max_chunk
        wanted = self.tokens_per_second * (STREAM_GAP if streaming else IDLE_GAP)
        size = 1 << (max(int(wanted), 1).bit_length() - 1)
        return min(max(size, LEAST_CHUNK), self.max_chunk)
