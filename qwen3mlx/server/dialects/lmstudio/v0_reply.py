"""LM Studio's v0 additions to OpenAI's replies: `stats`, `model_info` and `runtime`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .... import __version__
from ....events import Event, Finished
from ...core.answer import Answer
from ...core.model_info import ModelInfo
from ...json_text import Json
from ..shared.completions.chat import ChatReply
from ..shared.completions.completion import CompletionReply
from ..shared.completions.reply import Reply, ReplyOptions

StopReason = Literal[
    "eosFound",
    "stopStringFound",
    "toolCalls",
    "maxPredictedTokensReached",
    "contextLengthReached",
]


class StatsReply(Reply):
    """Adds them to a complete reply, and to the chunk that ends the last choice of a stream."""

    model: ModelInfo
    max_tokens: int | None

    def describe(self, answers: Sequence[Answer]) -> None:
        """All answers of a reply have the same model and limit."""
        self.model = answers[0].model
        self.max_tokens = answers[0].params.max_tokens

    def add(self, index: int, event: Event) -> list[Json]:
        chunks = super().add(index, event)
        if chunks and len(self._finished) == self.options.num_choices:
            chunks[-1] |= self._extras()
        return chunks

    def whole(self) -> Json:
        return {**super().whole(), **self._extras()}

    def _extras(self) -> Json:
        """Speed and times of all choices together; the stop reason of the first one."""
        timings = self._timings()
        return {
            "stats": {
                "tokens_per_second": timings["decode_tokens_per_second"],
                "time_to_first_token": round(timings["ttft_ms"] / 1000, 6),
                "generation_time": round(timings["decode_ms"] / 1000, 6),
                "stop_reason": stop_reason(self._finished[0], self.max_tokens),
            },
            "model_info": model_info(self.model),
            "runtime": {
                "name": "qwen3mlx",
                "version": __version__,
                "supported_formats": ["mlx"],
            },
        }


class StatsChatReply(StatsReply, ChatReply):
    def __init__(self, answers: Sequence[Answer], options: ReplyOptions) -> None:
        super().__init__(options)
        self.describe(answers)


class StatsCompletionReply(StatsReply, CompletionReply):
    def __init__(
        self, answers: Sequence[Answer], options: ReplyOptions, echoes: Sequence[str] | None
    ) -> None:
        super().__init__(options, echoes)
        self.describe(answers)


def model_info(info: ModelInfo) -> Json:
    return {
        "arch": info.arch,
        "quant": info.quantization,
        "format": "mlx",
        "context_length": info.context_length,
    }


def stop_reason(finished: Finished, max_tokens: int | None) -> StopReason:
    """`max_tokens` is the request's limit; if it was not reached, the context was full."""
    if finished.finish_reason == "tool_calls":
        return "toolCalls"
    if finished.finish_reason == "stop":
        return "eosFound" if finished.stop_string is None else "stopStringFound"
    if max_tokens is not None and finished.usage.completion_tokens >= max_tokens:
        return "maxPredictedTokensReached"
    return "contextLengthReached"
