from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qwen3mlx.config import SamplingParams
from qwen3mlx.events import Event, Finished, Prefill, Timings, Usage
from qwen3mlx.server.dialects.lmstudio.v0_reply import (
    StatsChatReply,
    StatsCompletionReply,
    stop_reason,
)
from qwen3mlx.server.dialects.shared.completions.reply import Reply, ReplyOptions
from qwen3mlx.text import Content

FINISHED = Finished("stop", Usage(7, 9, 2, 3), Timings(0.5, 0.6, 2.0, 5, 8))
EVENTS: list[Event] = [Prefill(7, 7), Content("Hi"), FINISHED]
EXTRAS = {
    "stats": {
        "tokens_per_second": 4.0,
        "time_to_first_token": 0.6,
        "generation_time": 2.0,
        "stop_reason": "eosFound",
    },
    "model_info": {"arch": "qwen3", "quant": "4bit", "format": "mlx", "context_length": 512},
}


def answer() -> Any:
    model = SimpleNamespace(
        id="demo",
        arch="qwen3",
        quantization="4bit",
        loaded=SimpleNamespace(context_length=512),
        context_length=512,
    )
    return SimpleNamespace(model=model, params=SamplingParams(max_tokens=20))


def replies(**options: Any) -> list[Reply]:
    given = ReplyOptions(model="demo", **options)
    return [
        StatsChatReply([answer()], given),
        StatsCompletionReply([answer()], given, None),
    ]


def test_the_whole_reply_has_the_statistics() -> None:
    for reply in replies():
        for event in EVENTS:
            reply.add(0, event)
        whole = reply.whole()
        assert EXTRAS.items() <= whole.items()
        assert whole["runtime"]["supported_formats"] == ["mlx"]
        assert whole["usage"]["total_tokens"] == 16


def test_a_stream_has_them_on_the_chunk_that_ends_its_last_choice() -> None:
    for reply in replies(num_choices=2, num_answers=2, include_usage=True):
        chunks = [chunk for event in EVENTS for i in (1, 0) for chunk in reply.add(i, event)]
        has_stats = ["stats" in chunk for chunk in chunks]
        assert has_stats == [False] * (len(chunks) - 1) + [True]
        both = {**EXTRAS["stats"], "tokens_per_second": 8.0}  # they were made side by side
        assert chunks[-1]["stats"] == both
        assert chunks[-1]["model_info"] == EXTRAS["model_info"]
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("finished", "max_tokens", "reason"),
    [
        (FINISHED, None, "eosFound"),
        (FINISHED._replace(stop_string="END"), None, "stopStringFound"),
        (FINISHED._replace(finish_reason="tool_calls"), 9, "toolCalls"),
        (FINISHED._replace(finish_reason="length"), 9, "maxPredictedTokensReached"),
        (FINISHED._replace(finish_reason="length"), 10, "contextLengthReached"),
        (FINISHED._replace(finish_reason="length"), None, "contextLengthReached"),
    ],
)
def test_the_stop_reason(finished: Finished, max_tokens: int | None, reason: str) -> None:
    assert stop_reason(finished, max_tokens) == reason
