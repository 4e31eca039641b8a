"""What the engine tells the one who asked, output by output."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..config import SamplingParams

StopReason = Literal["stop", "length"]


class PrefillOutput(NamedTuple):
    """Prompt tokens that need no more work (cached ones included), of all of them."""

    done: int
    total: int
    cached: int


class Token(NamedTuple):
    """A generated token. `top` pairs the most likely ids with their log probabilities."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()

    def reported(self, params: SamplingParams) -> Token:
        """What the request asked to know: a batch computes what any of its requests did."""
        if not params.logprobs:
            return Token(self.id)
        return Token(self.id, self.logprob, self.top[: params.top_logprobs])


class ScoreOutput(NamedTuple):
    """The next tokens of the prompt, as if they had been drawn; the first of all has no logprob."""

    tokens: tuple[Token, ...]


class EndOutput(NamedTuple):
    """No more tokens will come; `stop` if the last one was a stop token."""

    reason: StopReason


class ErrorOutput(NamedTuple):
    """No more tokens will come, because of `error`."""

    error: Exception


Output = PrefillOutput | ScoreOutput | Token | EndOutput | ErrorOutput
