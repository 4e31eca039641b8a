"""The events of an answer, in the order a caller receives them; `Finished` comes last."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .text import Content, Reasoning, ToolCallDelta


class Prefill(NamedTuple):
    """Prompt tokens computed or found in the cache so far, and the total."""

    done: int
    total: int


class TokenLogprob(NamedTuple):
    """Natural logarithms of the model's own distribution, before penalties, biases and filters.

    Tokens forced by a thinking budget were not sampled and have none; the first token of a prompt
    has None.
    """

    token_id: int
    token: bytes
    logprob: float | None
    top: tuple[tuple[int, bytes, float], ...]


class PromptLogprobs(NamedTuple):
    """The next tokens of the prompt, each with the log probability the model gave it."""

    tokens: tuple[TokenLogprob, ...]


class Usage(NamedTuple):
    """Token counts; the prompt's include `cached_tokens`, the completion's `reasoning_tokens`."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int


class Timings(NamedTuple):
    """Seconds until the first token was out (prefill, TTFT), and of decoding after it."""

    prefill_s: float
    ttft_s: float
    decode_s: float
    prefill_tokens: int
    decode_tokens: int

    @property
    def prefill_tps(self) -> float:
        return self.prefill_tokens / self.prefill_s if self.prefill_s else 0.0

    @property
    def decode_tps(self) -> float:
        return self.decode_tokens / self.decode_s if self.decode_s else 0.0


class Finished(NamedTuple):
    """The end of an answer. `stop_string` is the one that ended it, if any."""

    finish_reason: Literal["stop", "length", "tool_calls"]
    usage: Usage
    timings: Timings
    stop_string: str | None = None


Event = Prefill | PromptLogprobs | Reasoning | Content | ToolCallDelta | TokenLogprob | Finished
