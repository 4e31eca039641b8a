"""Turn a conversation into the body of a chat completion. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..domain import Attachment, ChatSettings, Message, ModelEntry, ThinkingMode
from .attachments import in_context

# Like the server: Chinese has no spaces, so only ASCII letters make it part of a word or path.
_SOFT_SWITCH = re.compile(r"(?<![\w/])/(no_)?think(?![\w/-])", re.ASCII)
TITLE_QUESTION = (
    "Write a title of at most six words for this conversation, in its language. "
    "Answer with the title alone."
)


def body(
    path: Sequence[Message],
    settings: ChatSettings,
    model: str,
    *,
    continues: bool,
    has_switch: bool = True,
) -> dict[str, Any]:
    """The request for a path; if `continues`, its last message is continued, without tools.

    `has_switch` says whether the model lets one choose if it thinks; others get no such field.
    Messages before the settings' `first_sent` are left out.
    """
    questions = [message.content for message in path if message.role == "user"]
    chosen = options(settings, questions[-1] if questions else "")
    if not has_switch:
        chosen.pop("enable_thinking", None)
    return {
        "model": model,
        "messages": messages(path, settings),
        **chosen,
        **({"continue_final_message": True} if continues else {}),
        **({"servers": list(settings.servers)} if settings.servers and not continues else {}),
    }


def messages(path: Sequence[Message], settings: ChatSettings) -> list[dict[str, Any]]:
    """OpenAI's messages for a path from its `first_sent` on, the system prompt first."""
    prompt = settings.system_prompt.strip()
    head = [{"role": "system", "content": prompt}] if prompt else []
    return [*head, *map(_message, sent(path, settings))]


def sent(path: Sequence[Message], settings: ChatSettings) -> list[Message]:
    """The messages of a path that are sent to the model.

    All are where the first would be an answer without text: a summary that was stopped.
    """
    firsts = (number for number, one in enumerate(path) if one.id == settings.first_sent)
    first = next(firsts, 0)
    is_there = bool(path) and (path[first].role != "assistant" or bool(path[first].content))
    return list(path[first:] if is_there else path)


def user_content(text: str, attachments: Sequence[Attachment]) -> str:
    """The documents, then the question about them."""
    return "\n\n".join([*(in_context(attachment) for attachment in attachments), text])


def options(settings: ChatSettings, last_question: str) -> dict[str, Any]:
    """Thinking and sampling; a switch in the question overrides the settings."""
    thinking = soft_switch(last_question)
    thinking = settings.thinking if thinking is None else thinking
    chosen: dict[str, Any] = {
        ("max_completion_tokens" if name == "max_tokens" else name): value
        for name, value in settings.sampling.items()
    }
    if thinking is not None:
        chosen["enable_thinking"] = thinking
    if thinking is not False and settings.thinking_budget is not None:
        chosen["thinking_budget"] = settings.thinking_budget
    return chosen


def thinking_mode(text: str, settings: ChatSettings, entry: ModelEntry | None) -> ThinkingMode:
    """Whether and how the model thinks about a question with this text."""
    if entry is None or not entry.can_think:
        return ThinkingMode(is_on=False, can_change=False)
    if not entry.can_disable_thinking:
        return ThinkingMode(is_on=True, can_change=False, budget=settings.thinking_budget)
    by_switch = soft_switch(text)
    chosen = settings.thinking if by_switch is None else by_switch
    return ThinkingMode(
        is_on=entry.thinks_by_default if chosen is None else chosen,
        can_change=True,
        by_switch=by_switch is not None,
        budget=settings.thinking_budget,
    )


def soft_switch(text: str) -> bool | None:
    """The last `/think` or `/no_think` in the text, as a boolean; None if there is none."""
    switches = list(_SOFT_SWITCH.finditer(text))
    return switches[-1][1] is None if switches else None


def first_words(text: str, limit: int = 48) -> str:
    """A provisional title: the beginning of the first line."""
    line = " ".join(_SOFT_SWITCH.sub("", text).strip().partition("\n")[0].split())
    if len(line) <= limit:
        return line
    cut = line[:limit]
    return (cut.rpartition(" ")[0] if " " in cut else cut).rstrip(",.;: ") + "…"


def title_from(answer: str) -> str | None:
    """The title in a model's answer, or None if it is not one."""
    line = answer.strip().strip("\"'“”«»#* ").strip().removesuffix(".")
    return line if line and "\n" not in line and len(line) <= 80 else None


def _message(message: Message) -> dict[str, Any]:
    if message.role == "user":
        return {"role": "user", "content": user_content(message.content, message.attachments)}
    if message.role == "tool":
        return {
            "role": "tool",
            "content": message.content,
            "tool_call_id": message.tool_call_id or "",
        }
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.reasoning:
        said["reasoning_content"] = message.reasoning
    if message.tool_calls:
        said["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return said
