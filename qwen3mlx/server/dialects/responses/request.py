"""Bodies -> the request for the engine. Pure; every field is supported or refused by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....request import GenerationRequest
from ..shared.request_fields import (
    agreed,
    is_strict,
    json_schema_from,
    sampling_fields,
    sampling_from,
    thinking_fields,
    thinking_from,
    token_limit,
)
from ..shared.tool_choice import tool_choice_from
from ..shared.tools import ClientTool, client_tools, functions, tool_fields
from .items import Item, Places, loaded_tools
from .messages import to_messages
from .schemas import ConversationBody, ResponseBody

_REFUSED = {
    "prompt": "prompts are not stored; send instructions and input",
    "context_management": "shorten the input, or set truncation to auto",
}

# The engine's field names -> this API's.
_FIELD_NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "response_format": "text.format.schema",
}


def places_in(body: ConversationBody, new_items: Sequence[Item]) -> Places:
    """The places of a conversation's items, of which the last, `new_items`, came with `body`."""
    return Places(new_items, "conversation" if body.conversation_id else "previous_response_id")


def offered_tools(
    body: ConversationBody, items: Sequence[Item], places: Places
) -> list[ClientTool]:
    """The request's tools, and those that the conversation has added; without MCP servers'."""
    return client_tools(body.tools, loaded_tools(items, places), run_here=("mcp",))


def generation_request(
    body: ConversationBody,
    items: Sequence[Item],
    places: Places | None = None,
    mcp: Sequence[ClientTool] | None = (),
    pending: Collection[str] = (),
) -> GenerationRequest:
    """The request that `body` asks for; `items` is the conversation, including its input.

    `mcp` are the tools of its MCP servers, None if they are not known yet. `pending` are approval
    requests whose calls are to be made first.
    """
    places = places or Places(items)
    for name, advice in _REFUSED.items():
        if getattr(body, name) not in (None, [], {}):
            raise InvalidRequestError(f"{name} is not supported: {advice}.", param=name)
    messages = to_messages(body.instructions, items, places, pending)
    if not messages:
        raise InvalidRequestError("input must be a non-empty string or list.", param="input")
    offered = [*offered_tools(body, items, places), *(mcp or ())]
    choice = "auto" if mcp is None else body.tool_choice  # it may name one of them
    tool_choice, tools = tool_choice_from(choice, offered)
    sampling = _sampling(body) if isinstance(body, ResponseBody) else {}
    thinking = thinking_from(body, sampling.get("max_tokens"))
    if thinking.budget is not None:
        sampling["thinking_budget"] = thinking.budget
    answer_format = body.text.format if body.text else None
    return GenerationRequest(
        messages=messages,
        tools=functions(tools),
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        json_schema=json_schema_from(answer_format, param="text.format"),
        json_schema_strict=is_strict(answer_format),
        enable_thinking=thinking.enable,
        thinking_switch=agreed(body.switches()),
        chat_template_kwargs=body.chat_template_kwargs or {},
        sampling=sampling,
        field_names={
            **_FIELD_NAMES,
            **_sampling_names(body),
            **messages.names,
            **tool_fields(tools),
        },
    )


def _sampling_names(body: ConversationBody) -> dict[str, str]:
    own = sampling_fields(body) if isinstance(body, ResponseBody) else {}
    return {**own, **thinking_fields(body)}


def _sampling(body: ResponseBody) -> dict[str, Any]:
    if body.background:
        raise InvalidRequestError(
            "background is not supported; omit it, and stream the answer if it is long.",
            param="background",
        )
    sampling = sampling_from(body)
    limit = token_limit(body, "max_output_tokens")
    if limit is not None:
        sampling["max_tokens"] = limit
    if body.top_logprobs or body.includes("message.output_text.logprobs"):
        sampling |= {"logprobs": True, "top_logprobs": body.top_logprobs or 0}
    return sampling


def num_turns(items: Sequence[Item]) -> int:
    """Turns start with user messages, so that no tool result loses its call."""
    return sum(item.get("role") == "user" for item in items)


def without_oldest_turns(items: Sequence[Item], count: int) -> Sequence[Item]:
    """The items without the oldest `count` turns; instructions among them stay."""
    questions = [index for index, item in enumerate(items) if item.get("role") == "user"]
    first = questions[count]
    kept = [item for item in items[:first] if item.get("role") in ("system", "developer")]
    return [*kept, *items[first:]]
