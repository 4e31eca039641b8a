"""Anthropic's message object and its parts."""

from __future__ import annotations

import os

from ....events import Finished, Usage
from ...json_text import Json


def new_message(model: str, prompt_tokens: int, *, counts_cache: bool) -> Json:
    """An empty message; all `prompt_tokens` are counted as not cached."""
    return {
        "id": "msg_" + os.urandom(12).hex(),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": usage_json(Usage(prompt_tokens, 0, 0, 0), counts_cache=counts_cache),
    }


def usage_json(usage: Usage, *, counts_cache: bool) -> Json:
    """Anthropic counts cached tokens separately: all kinds of input add up to the prompt.

    Without `counts_cache`, for requests without `cache_control`, they count as ordinary input.
    """
    return {
        "input_tokens": usage.prompt_tokens - (usage.cached_tokens if counts_cache else 0),
        "cache_read_input_tokens": usage.cached_tokens if counts_cache else None,
        "cache_creation_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": None,
    }


def stop_reason(finished: Finished, max_tokens: int | None) -> str:
    """`max_tokens` is the request's limit; if it was not reached, the context was full."""
    if finished.finish_reason == "tool_calls":
        return "tool_use"
    if finished.finish_reason == "length":
        is_full = max_tokens is None or finished.usage.completion_tokens < max_tokens
        return "model_context_window_exceeded" if is_full else "max_tokens"
    return "end_turn" if finished.stop_string is None else "stop_sequence"
