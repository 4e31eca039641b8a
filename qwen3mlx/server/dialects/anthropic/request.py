"""Anthropic's bodies -> requests for the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....errors import InvalidRequestError
from ....request import GenerationRequest, NamedTool
from ....request import ToolChoice as EngineToolChoice
from ....request_warnings import warn
from ....text import open_thought
from ..shared.request_fields import (
    EFFORT_BUDGETS,
    agreed,
    given_name,
    json_schema_from,
    one_of,
    sampling_fields,
    sampling_from,
    token_limit,
)
from .conversation import chat_messages
from .schemas import MessageBody, PromptBody, ToolChoice
from .tools import function_tool

_TOOL_CHOICES: Mapping[str, EngineToolChoice] = {
    "auto": "auto",
    "any": "required",
    "none": "none",
}


def message_request(body: MessageBody) -> GenerationRequest:
    """The request of `/v1/messages`. Raises InvalidRequestError, which names the field."""
    limits = {
        "stop": one_of(body, "stop_sequences", "stop"),
        "max_tokens": token_limit(body, "max_tokens"),
        "thinking_budget": _thinking_budget(body),
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return replace(prompt_request(body), sampling={**sampling_from(body), **given})


def prompt_request(body: PromptBody) -> GenerationRequest:
    """Only the prompt, as `count_tokens` counts it."""
    messages = chat_messages(body.system, body.messages)
    _refuse(body, in_thought=_has_prefill(body) and open_thought(messages[-1]) is not None)
    choice = body.tool_choice or ToolChoice(type="auto")
    tools, tool_names = _tools(body)
    return GenerationRequest(
        messages=messages,
        tools=tools,
        field_names={**_field_names(body), **messages.names, **tool_names},
        tool_choice=_tool_choice(choice),
        parallel_tool_calls=not choice.disable_parallel_tool_use,
        json_schema=_json_schema(body),
        enable_thinking=_thinks(body),
        thinking_switch=_switch(body),
        chat_template_kwargs=body.chat_template_kwargs or {},
        continue_final_message=_has_prefill(body),
    )


def _thinks(body: PromptBody) -> bool | None:
    """Anthropic's clients only expect thinking if they request it, or begin the answer with it."""
    asked = None if body.thinking is None else body.thinking.type != "disabled"
    said = agreed(
        {
            "thinking": asked,
            "chat_template_kwargs": (body.chat_template_kwargs or {}).get("enable_thinking"),
        }
    )
    return None if said is None and _has_prefill(body) else said is True


def _switch(body: PromptBody) -> bool | None:
    """Whether thinking was switched on or off; `adaptive` leaves it to the model."""
    kind = None if body.thinking is None else body.thinking.type
    return None if kind in (None, "adaptive") else kind != "disabled"


def _thinking_budget(body: PromptBody) -> int | None:
    if body.thinking is None or body.thinking.type == "disabled":
        return None
    if body.thinking.budget_tokens is not None:
        return body.thinking.budget_tokens
    effort = body.output_config.effort if body.output_config else None
    return EFFORT_BUDGETS[effort] if effort else None


def _has_prefill(body: PromptBody) -> bool:
    return bool(body.messages) and body.messages[-1].role == "assistant"


def _refuse(body: PromptBody, *, in_thought: bool) -> None:
    """Refuses declared fields that are unsupported. `in_thought`: the prefill is open reasoning."""
    for name in ("mcp_servers", "container"):
        if getattr(body, name):
            warn(f"{name} was left out: only other servers can run it.")
    if body.thinking is not None and body.thinking.type == "enabled":
        if body.thinking.budget_tokens is None:
            raise InvalidRequestError(
                "thinking.budget_tokens is missing; set the maximum number of thinking tokens.",
                param="thinking.budget_tokens",
            )
        if _has_prefill(body) and not in_thought:
            raise InvalidRequestError(
                "thinking cannot be enabled if the last message already begins the answer.",
                param="thinking",
            )
    if _has_prefill(body):
        _check_prefill(body)


def _check_prefill(body: PromptBody) -> None:
    content = body.messages[-1].content
    for index, block in enumerate(() if isinstance(content, str) else content):
        if block.type == "tool_use":
            where = f"messages[{len(body.messages) - 1}].content[{index}]"
            raise InvalidRequestError(
                f"{where} calls a tool; a message with its tool_result must follow.", param=where
            )
    if _json_schema(body) is not None:
        raise InvalidRequestError(
            "A JSON schema cannot be used if the last message already begins the answer.",
            param="messages",
        )


def _tools(body: PromptBody) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The tools as functions, and the path of each in the body."""
    functions: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for index, tool in enumerate(body.tools or ()):
        where, here = f"tools[{index}]", f"tools[{len(functions)}].function"
        if (function := function_tool(tool, where)) is not None:
            names |= {here: where, f"{here}.parameters": f"{where}.input_schema"}
            functions.append(function)
    return functions, names


def _field_names(body: PromptBody) -> dict[str, str]:
    """The engine's field names -> Anthropic's."""
    by_config = body.output_config is not None and body.output_config.format is not None
    own = {
        "response_format": "output_config.format" if by_config else "output_format",
        "thinking_budget": "thinking.budget_tokens",
        "enable_thinking": "thinking",
        **(
            {"tool_choice": "tool_choice.name"}
            if body.tool_choice and body.tool_choice.name
            else {}
        ),
    }
    if not isinstance(body, MessageBody):
        return own
    return {**own, **sampling_fields(body), "stop": given_name(body, "stop_sequences", "stop")}


def _tool_choice(choice: ToolChoice) -> EngineToolChoice:
    if choice.type != "tool":
        return _TOOL_CHOICES[choice.type]
    if not choice.name:
        raise InvalidRequestError(
            "tool_choice.name is missing; it must name one of the tools.",
            param="tool_choice.name",
        )
    return NamedTool(choice.name)


def _json_schema(body: PromptBody) -> Mapping[str, Any] | None:
    """`output_format` is the former name of `output_config.format`."""
    if body.output_config and body.output_config.format is not None:
        return json_schema_from(body.output_config.format, param="output_config.format")
    return json_schema_from(body.output_format, param="output_format")
