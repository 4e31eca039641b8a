"""Which of the offered tools may, or must, be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidRequestError
from ..quoting import quoted
from ..request import NamedTool, ToolChoice
from .client_run import CLIENT_RUN
from .tools import ClientTool

_NAMED = ("function", "custom")


def tool_choice_from(
    choice: str | Mapping[str, Any] | None,
    tools: Sequence[ClientTool],
    *,
    param: str = "tool_choice",
) -> tuple[ToolChoice, Sequence[ClientTool]]:
    """The choice, and the tools it leaves: `allowed_tools` takes the others away.

    Objects may be nested (chat completions) or flat (Responses). InvalidRequestError for one that
    names no tool that is offered.
    """
    if choice is None or choice == "auto":
        return "auto", tools
    if choice == "none":
        return "none", tools
    if choice == "required":
        return "required", tools
    kind = choice.get("type") if isinstance(choice, Mapping) else None
    if isinstance(choice, Mapping) and kind == "allowed_tools":
        return _allowed_tools(choice, tools, param)
    if isinstance(choice, Mapping) and isinstance(kind, str):
        return _named(choice, tools, param), tools
    raise InvalidRequestError(
        f"{param} is {quoted(choice)}; it must be auto, none, required, or an object that names "
        "a tool or allowed_tools.",
        param=param,
    )


def _named(choice: Mapping[str, Any], tools: Sequence[ClientTool], param: str) -> NamedTool:
    for tool in tools:
        if _means(choice, tool, param):
            return NamedTool(tool.offered_name)
    raise InvalidRequestError(f"{param} names a tool that is not offered in tools.", param=param)


def _means(choice: object, tool: ClientTool, param: str) -> bool:
    kind = choice.get("type", "function") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(kind, str):
        raise InvalidRequestError(f"{param} must name tools by their type.", param=param)
    if kind == "namespace":
        return tool.namespace is not None and tool.namespace == choice.get("name")
    if kind not in _NAMED:
        return tool.kind == kind and kind in CLIENT_RUN
    named = choice.get(kind, choice)
    name = named.get("name") if isinstance(named, Mapping) else None
    if not isinstance(name, str):
        raise InvalidRequestError(f"{param} must name a function.", param=param)
    namespace = named.get("namespace")
    is_named = name in (tool.name, tool.offered_name) and namespace in (None, tool.namespace)
    return is_named and tool.kind == kind


def _allowed_tools(
    choice: Mapping[str, Any], tools: Sequence[ClientTool], param: str
) -> tuple[ToolChoice, Sequence[ClientTool]]:
    allowed = choice.get("allowed_tools", choice)
    mode = allowed.get("mode", "auto") if isinstance(allowed, Mapping) else None
    listed = allowed.get("tools") if isinstance(allowed, Mapping) else None
    if mode not in ("auto", "required") or not isinstance(listed, list):
        raise InvalidRequestError(
            f"{param} allowed_tools needs a mode (auto or required) and a list of tools.",
            param=param,
        )
    for one in listed:
        ours = any(_means(one, tool, param) for tool in tools)
        if not ours and one.get("type", "function") in _NAMED:
            raise InvalidRequestError(
                f"{param} allows a function that is not among tools.", param=param
            )
    left = [tool for tool in tools if any(_means(one, tool, param) for one in listed)]
    return ("required" if mode == "required" else "auto"), left
