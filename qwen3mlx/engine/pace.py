"""How prefill and decode share the device: a long prompt never starves the running streams."""

from __future__ import annotations

from dataclasses import dataclass

# Of the time while answers stream, this much goes to prompts.
PREFILL_SHARE = 0.2
# Seconds between two tokens of a stream that one piece of a prompt may take, and how long a new
# request may wait for a piece of another's prompt where nothing streams.
STREAM_GAP = 0.15
IDLE_GAP = 0.5
# Prompts this short go first, whatever the share says; a second of such debt is paid back.
SHORT = 64
MAX_DEBT = 1.0
LEAST_CHUNK = 32


@dataclass(slots=True)
class Pace:
    """Prefill earns `credit` (seconds) while decoding runs and spends it."""

    max_chunk: int
    credit: float = 0.0
    tokens_per_second: float | None = None

    def decoded(self, seconds: float) -> None:
        earned = seconds * PREFILL_SHARE / (1 - PREFILL_SHARE)
        self.credit = min(self.credit + earned, STREAM_GAP)

    def prefilled(self, num_tokens: int, seconds: float, *, streaming: bool) -> None:
        if streaming:
            self.credit -= seconds
        if num_tokens >= LEAST_CHUNK:
            speed = num_tokens / max(seconds, 1e-6)
            known = self.tokens_per_second
            self.tokens_per_second = speed if known is None else 0.7 * known + 0.3 * speed

    def may_prefill(self, num_tokens: int, *, streaming: bool) -> bool:
        """Whether a prompt with `num_tokens` left may have its turn."""
        if not streaming:
            self.credit = 0.0
            return True
        return self.credit >= (-MAX_DEBT if num_tokens <= SHORT else 0.0)

    def chunk(self, *, streaming: bool) -> int:
        """Tokens to prefill at once: a power of two, for few distinct shapes."""
        if self.tokens_per_second is None:
            return LEAST_CHUNK * 4 if streaming else self.max_chunk
        wanted = self.tokens_per_second * (STREAM_GAP if streaming else IDLE_GAP)
        size = 1 << (max(int(wanted), 1).bit_length() - 1)
        return min(max(size, LEAST_CHUNK), self.max_chunk)
