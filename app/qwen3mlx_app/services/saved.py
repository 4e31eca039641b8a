"""Convert the JSON that is saved with a conversation; invalid values are ignored."""

from __future__ import annotations

from typing import Any, get_args

from ..domain import AnswerStats, Attachment, AttachmentKind, ChatSettings, ToolCall
from ..limits import OWN_LIMITS
from .values import Json, an_object, number, text, texts, whole

# The sampling parameters that can be set.
SAMPLING = OWN_LIMITS["sampling"].keys() - {"thinking_budget"}


def chat_settings(source: Json) -> ChatSettings:
    thinking, budget = source.get("thinking"), whole(source.get("thinking_budget"))
    sampling, limits = an_object(source.get("sampling")), OWN_LIMITS["sampling"]
    first_sent = source.get("first_sent")
    return ChatSettings(
        system_prompt=text(source.get("system_prompt")),
        thinking=thinking if isinstance(thinking, bool) else None,
        thinking_budget=budget if limits["thinking_budget"].allows(budget) else None,
        sampling={
            name: value
            for name, value in sampling.items()
            if name in SAMPLING and limits[name].allows(value)
        },
        first_sent=first_sent if isinstance(first_sent, str) else None,
        servers=texts(source.get("servers")),
    )


def tool_call(source: Json) -> ToolCall:
    return ToolCall(
        id=text(source.get("id")),
        name=text(source.get("name")),
        arguments=text(source.get("arguments")),
    )


def attachment(source: Json) -> Attachment:
    kind: Any = source.get("kind")
    return Attachment(
        name=text(source.get("name")),
        kind=kind if kind in get_args(AttachmentKind) else "text",
        text=text(source.get("text")),
        num_bytes=whole(source.get("num_bytes")) or 0,
        language=text(source.get("language")),
    )


def stats(source: object) -> AnswerStats | None:
    if not isinstance(source, dict):
        return None
    return AnswerStats(
        prompt_tokens=whole(source.get("prompt_tokens")),
        cached_tokens=whole(source.get("cached_tokens")),
        completion_tokens=whole(source.get("completion_tokens")),
        reasoning_tokens=whole(source.get("reasoning_tokens")),
        ttft_s=number(source.get("ttft_s")),
        tokens_per_second=number(source.get("tokens_per_second")),
        thinking_s=number(source.get("thinking_s")),
        tool_s=number(source.get("tool_s")),
    )
