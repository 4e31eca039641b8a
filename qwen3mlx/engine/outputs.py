"""What the engine tells the one who asked, output by output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..config import SamplingParams

StopReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class PrefillOutput:
    """Prompt tokens that need no more work (cached ones included), of all of them."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token. `top` pairs the most likely ids with their log probabilities."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()

    def reported(self, params: SamplingParams) -> Token:
        """What the request asked to know: a batch computes what any of its requests did."""
        if not params.logprobs:
            return Token(self.id)
        return Token(self.id, self.logprob, self.top[: params.top_logprobs])


@dataclass(frozen=True, slots=True)
class ScoreOutput:
    """The next tokens of the prompt, as if they had been drawn; the first of all has no logprob."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class EndOutput:
    """No more tokens will come; `stop` if the last one was a stop token."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class ErrorOutput:
    """No more tokens will come, because of `error`."""

    error: Exception


Output = PrefillOutput | ScoreOutput | Token | EndOutput | ErrorOutput
