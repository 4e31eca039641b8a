"""Tokens and times of all answers of a reply together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .....events import Finished, Usage


def usage_json(answers: Sequence[Usage], num_answers: int) -> dict[str, Any]:
    """`usage`: `answers` holds `num_answers` for each prompt, one prompt after the other.

    A prompt counts once, however many answers it has.
    """
    prompts = answers[::num_answers]
    prompt_tokens = sum(usage.prompt_tokens for usage in prompts)
    completion_tokens = sum(usage.completion_tokens for usage in answers)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": sum(usage.cached_tokens for usage in prompts)},
        "completion_tokens_details": {
            "reasoning_tokens": sum(usage.reasoning_tokens for usage in answers)
        },
    }


def timings_json(
    finished: Sequence[Finished], num_answers: int, load_time_s: float | None
) -> dict[str, Any]:
    """`timings`, which OpenAI does not have. Concurrent answers count as one.

    Tokens are added up, times are those of the slowest answer; TTFT is that of the first.
    `load_ms` is only present if the model was loaded for this request.
    """
    timings = [one.timings for one in finished]
    prefill_tokens = sum(one.prefill_tokens for one in timings[::num_answers])
    prefill_s = max(one.prefill_s for one in timings)
    decode_tokens = sum(one.decode_tokens for one in timings)
    decode_s = max(one.decode_s for one in timings)
    loading = {} if load_time_s is None else {"load_ms": _ms(load_time_s)}
    return {
        **loading,
        "prefill_tokens": prefill_tokens,
        "prefill_ms": _ms(prefill_s),
        "prefill_tokens_per_second": _rate(prefill_tokens, prefill_s),
        "ttft_ms": _ms(min(one.ttft_s for one in timings)),
        "decode_tokens": decode_tokens,
        "decode_ms": _ms(decode_s),
        "decode_tokens_per_second": _rate(decode_tokens, decode_s),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _rate(tokens: int, seconds: float) -> float:
    return round(tokens / seconds, 2) if seconds else 0.0
