"""Which of the offered tools may or must be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request import NamedTool, ToolChoice
from .client_run import CLIENT_RUN
from .tools import ClientTool

_NAMED = ("function", "custom")


def tool_choice_from(
    choice: str | Mapping[str, Any] | None,
    tools: Sequence[ClientTool],
    *,
    param: str = "tool_choice",
) -> tuple[ToolChoice, Sequence[ClientTool]]:
    """The choice, and the tools that it allows: `allowed_tools` removes all others.

    Objects may be nested (chat completions) or flat (Responses). Raises InvalidRequestError if
    `choice` names a tool that is not offered.
    """
    if choice is None or choice == "auto":
        return "auto", tools
    if choice == "none":
        return "none", tools
    if choice == "required":
        return "required", tools
    if not isinstance(choice, Mapping):
        raise InvalidRequestError(
            f"{param} is {quoted(choice)}; it must be auto, none, required, or an object that "
            "names a tool or allowed_tools.",
            param=param,
        )
    if choice.get("type") == "allowed_tools":
        return _allowed_tools(choice, tools, param)
    where = _name_of(choice, param)
    meant = [tool for tool in tools if _means(choice, tool)]
    if meant and choice["type"] == "mcp" and choice.get("name") is None:
        return "required", meant
    if meant:
        return NamedTool(meant[0].offered_name), tools
    raise InvalidRequestError(f"{where} names a tool that is not offered in tools.", param=where)


def _name_of(choice: object, param: str) -> str:
    """The path of the name in a choice. Raises InvalidRequestError if it has none."""
    if not isinstance(choice, Mapping) or not isinstance(choice.get("type"), str):
        where = f"{param}.type" if isinstance(choice, Mapping) else param
        raise InvalidRequestError(
            f"{where} must be the type of a tool, or allowed_tools.", param=where
        )
    kind = choice["type"]
    if kind == "mcp":
        return f"{param}.server_label"
    if kind not in _NAMED:
        return f"{param}.name" if kind == "namespace" else f"{param}.type"
    where = f"{param}.{kind}" if kind in choice else param
    named = choice.get(kind, choice)
    if not isinstance(named, Mapping):
        raise InvalidRequestError(f"{where} must be an object with a name.", param=where)
    if not isinstance(named.get("name"), str):
        raise InvalidRequestError(f"{where}.name must be a string.", param=f"{where}.name")
    return f"{where}.name"


def _means(choice: Mapping[str, Any], tool: ClientTool) -> bool:
    """Whether `choice`, which has a type and any name it needs, refers to `tool`."""
    kind = choice["type"]
    if kind == "namespace":
        return tool.namespace is not None and tool.namespace == choice.get("name")
    if kind == "mcp":
        is_named = choice.get("name") in (None, tool.name)
        return tool.kind == "mcp" and is_named and tool.namespace == choice.get("server_label")
    if kind not in _NAMED:
        return tool.kind == kind and kind in CLIENT_RUN
    named = choice.get(kind, choice)
    is_named = named["name"] in (tool.name, tool.offered_name)
    return is_named and named.get("namespace") in (None, tool.namespace) and tool.kind == kind


def _allowed_tools(
    choice: Mapping[str, Any], tools: Sequence[ClientTool], param: str
) -> tuple[ToolChoice, Sequence[ClientTool]]:
    where = f"{param}.allowed_tools" if "allowed_tools" in choice else param
    allowed = choice.get("allowed_tools", choice)
    if not isinstance(allowed, Mapping):
        raise InvalidRequestError(f"{where} must be an object with mode and tools.", param=where)
    mode, listed = allowed.get("mode", "auto"), allowed.get("tools")
    if mode not in ("auto", "required"):
        raise InvalidRequestError(f"{where}.mode must be auto or required.", param=f"{where}.mode")
    if not isinstance(listed, list):
        raise InvalidRequestError(f"{where}.tools must be a list.", param=f"{where}.tools")
    listed = [{"type": "function", **one} if isinstance(one, Mapping) else one for one in listed]
    for index, one in enumerate(listed):
        name = _name_of(one, f"{where}.tools[{index}]")
        if one["type"] in (*_NAMED, "mcp") and not any(_means(one, tool) for tool in tools):
            raise InvalidRequestError(f"{name} must be the name of an offered tool.", param=name)
    left = [tool for tool in tools if any(_means(one, tool) for one in listed)]
    return ("required" if mode == "required" else "auto"), left
