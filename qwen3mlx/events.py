"""What a caller sees of an answer while it is made, in order; `Finished` comes last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .text import Content, Reasoning, ToolCallDelta


@dataclass(frozen=True, slots=True)
class Prefill:
    """Prompt tokens computed or found in the cache, and all of them."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Natural logarithms of the model's own distribution, before penalties, biases and filters.

    The tokens that a thinking budget forces were not drawn and have none; the first of a prompt has
    None.
    """

    token_id: int
    token: bytes
    logprob: float | None
    top: tuple[tuple[int, bytes, float], ...]


@dataclass(frozen=True, slots=True)
class PromptLogprobs:
    """The next tokens of the prompt, each with what the model made of it."""

    tokens: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `cached_tokens` are part of the prompt's, `reasoning_tokens` of the completion's."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of prefill, until the first token was out (TTFT), and of decode after it."""

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


@dataclass(frozen=True, slots=True)
class Finished:
    """`stop_string` is the one that ended the answer, if one did."""

    finish_reason: Literal["stop", "length", "tool_calls"]
    usage: Usage
    timings: Timings
    stop_string: str | None = None


Event = Prefill | PromptLogprobs | Reasoning | Content | ToolCallDelta | TokenLogprob | Finished
