"""A v1 chat and the conversation it continues -> a request for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request import GenerationRequest
from ....text import check_new_message, is_media, left_out
from ...core.conversations import Messages
from ..shared.request_fields import (
    EFFORT_BUDGETS,
    Thinking,
    sampling_fields,
    sampling_from,
    token_limit,
)
from .models import reasoning_options
from .schemas import ChatBody, InputItem, Reasoning

# The engine's field names -> LM Studio's.
_FIELD_NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "thinking_budget": "reasoning",
}


def messages_from(body: ChatBody, earlier: Messages) -> list[Mapping[str, Any]]:
    """`earlier` plus the new user message. A new system prompt replaces the old one."""
    if body.system_prompt is not None:
        spoken = [message for message in earlier if message["role"] != "system"]
        earlier = [{"role": "system", "content": body.system_prompt}, *spoken]
    return [*earlier, {"role": "user", "content": _input_text(body.input)}]


def generation_request(
    body: ChatBody, messages: Messages, thinking: tuple[bool, ...]
) -> GenerationRequest:
    """Raises InvalidRequestError. `thinking`: the `enable_thinking` values the model supports."""
    chosen = _thinking(body.reasoning, thinking)
    limits = {
        "max_tokens": token_limit(body, "max_output_tokens"),
        "thinking_budget": chosen.budget,
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return GenerationRequest(
        messages=messages,
        enable_thinking=chosen.enable,
        sampling={**sampling_from(body), **given},
        field_names={
            **_FIELD_NAMES,
            **sampling_fields(body),
            f"messages[{len(messages) - 1}]": "input",
        },
    )


def _input_text(given: str | Sequence[InputItem]) -> str:
    if isinstance(given, str):
        return given
    if not given:
        raise InvalidRequestError("input must not be empty.", param="input")
    check_new_message(
        (item.type, item.content, f"input[{index}]") for index, item in enumerate(given)
    )
    return "\n".join(_item_text(item, f"input[{index}]") for index, item in enumerate(given))


def _item_text(item: InputItem, where: str) -> str:
    if is_media(item.type):
        return left_out(item.type, where)
    if item.type not in ("text", "message"):
        raise InvalidRequestError(
            f'{where}.type is {quoted(item.type)}; it must be "text", as Qwen3 only reads text.',
            param=f"{where}.type",
        )
    if item.content is None:
        raise InvalidRequestError(f"{where}.content is missing.", param=f"{where}.content")
    return item.content


def _thinking(reasoning: Reasoning | None, known: tuple[bool, ...]) -> Thinking:
    if reasoning is None:
        return Thinking()
    if (options := reasoning_options(known)) and reasoning not in options:
        raise InvalidRequestError(
            f"reasoning is {quoted(reasoning)}; this model supports {', '.join(options)}.",
            param="reasoning",
        )
    if reasoning == "off":
        return Thinking(enable=False)
    return Thinking(True, None if reasoning == "on" else EFFORT_BUDGETS[reasoning])
