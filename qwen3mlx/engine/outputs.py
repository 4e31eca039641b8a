"""The engine's outputs for one sequence."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..config import SamplingParams
from ..errors import CheckpointError

StopReason = Literal["stop", "length"]


class PrefillOutput(NamedTuple):
    """How many of the prompt's tokens are done, including cached ones, and how many there are."""

    done: int
    total: int
    cached: int


class Token(NamedTuple):
    """A generated token. `top` pairs the most likely ids with their log probabilities."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()

    def reported(self, params: SamplingParams) -> Token:
        """Return only what the request asked for; a batch computes what any of them needs."""
        if not params.logprobs:
            return Token(self.id)
        return Token(self.id, self.logprob, self.top[: params.top_logprobs])


class ScoreOutput(NamedTuple):
    """The next tokens of the prompt, scored as if drawn; the very first one has no logprob."""

    tokens: tuple[Token, ...]


class EndOutput(NamedTuple):
    """The sequence is complete; the reason is `stop` if the last token was a stop token."""

    reason: StopReason


class ErrorOutput(NamedTuple):
    """The sequence failed with `error`."""

    error: Exception


def not_finite_error() -> CheckpointError:
    """Return what is wrong with a model that computes NaN or infinities for a text."""
    return CheckpointError(
        "The model computed numbers that are not finite (NaN), so there is no answer: its weights "
        "are damaged, or too large for float16; download it again, or get its bfloat16 or MLX "
        "version."
    )


Output = PrefillOutput | ScoreOutput | Token | EndOutput | ErrorOutput
