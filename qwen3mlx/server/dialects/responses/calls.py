"""Tool calls and their results, as items and as chat messages.

Besides functions and custom tools there are calls of tools that OpenAI defines. If the client runs
the tool, the call has its parameters in a separate field, and the result is a later item; if
OpenAI's servers ran it, the item may contain the result. The model sees all of them as function
calls, named after the prefix of their item type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.arguments import custom_arguments
from ..shared.tools import offered_name

Item = dict[str, Any]

# Item type of a client-run call -> the field with its parameters, and the constants in that field.
_PARAMETERS: Mapping[str, tuple[str, Item]] = {
    "local_shell_call": ("action", {"type": "exec", "command": [], "env": {}}),
    "shell_call": ("action", {"commands": []}),
    "apply_patch_call": ("operation", {}),
    "tool_search_call": ("arguments", {}),
}
# Fields of an item that are not parameters of the call, and fields with its result.
_NO_PARAMETERS = frozenset(
    ("id", "type", "status", "call_id", "caller", "execution", "environment", "fingerprint")
)
_RESULTS = ("output", "outputs", "results", "result", "error")
_ANSWERED_LATER = ("local_shell_call", "mcp_approval_request")
_NOTHING = "(There is no result.)"
_PICTURE = "(A picture, which cannot be seen here.)"


def is_call(kind: str) -> bool:
    return kind.endswith("_call") or kind in ("mcp_approval_request", "program")


def is_result(kind: str) -> bool:
    return kind.endswith("_output") or kind == "mcp_approval_response"


def is_answer(item: Item) -> bool:
    """Whether the result answers a call; the result of a search by another server does not."""
    return is_result(item["type"]) and (
        item["type"] != "tool_search_output" or bool(item.get("call_id"))
    )


def client_run_call(kind: str, arguments: Mapping[str, Any]) -> Item:
    """The fields of a call of a tool of this kind, apart from its id."""
    field, fixed = _PARAMETERS[f"{kind}_call"]
    execution = {"execution": "client"} if kind == "tool_search" else {}
    return {**execution, field: {**fixed, **arguments}}


def call_message(item: Item) -> Item:
    """The call as an entry of a message's `tool_calls`."""
    kind = item["type"]
    if kind == "function_call":
        name, arguments = item["name"], item["arguments"]
    elif kind == "custom_tool_call":
        name, arguments = item["name"], custom_arguments(item["input"])
    elif "server_label" in item:
        name, arguments = item["name"], item.get("arguments") or "{}"
    else:
        name, arguments = kind.removesuffix("_call"), _parameters(item)
    namespace = item.get("namespace") or item.get("server_label")
    function = {"name": offered_name(name, namespace), "arguments": arguments}
    return {"id": call_id(item), "type": "function", "function": function}


def call_id(item: Mapping[str, Any]) -> str:
    """The id that a call and its result share; calls run by other servers only have `id`."""
    found = item.get("call_id") or item.get("approval_request_id") or item.get("id")
    return str(found)


def own_result(item: Item) -> str | None:
    """The result of a call that another server has run; None if a later item has it."""
    if item["type"] in _ANSWERED_LATER or item.get("call_id"):
        return None
    if item["type"] == "image_generation_call":
        return _PICTURE
    found = [item[name] for name in _RESULTS if item.get(name)]
    return "\n".join(map(_as_text, found)) or _NOTHING


def result_text(item: Item) -> str:
    if "approve" in item:
        return "approved" if item["approve"] else f"denied {item.get('reason') or ''}".rstrip()
    if item["type"] == "tool_search_output":
        names = [str(tool.get("name")) for tool in tools_in(item)]
        return f"Found: {', '.join(names)}." if names else "Nothing was found."
    return _as_text(item.get("output", item.get("result")) or item.get("status"))


def tools_in(item: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The tools that the item adds."""
    if item["type"] not in ("tool_search_output", "additional_tools"):
        return ()
    tools = item.get("tools")
    return [one for one in tools if isinstance(one, Mapping)] if isinstance(tools, list) else ()


def _parameters(item: Item) -> str:
    kind = item["type"]
    field, fixed = _PARAMETERS.get(kind, ("", {}))
    given = item.get(field)
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        told = {key: value for key, value in given.items() if fixed.get(key, ...) != value}
    else:
        left_out = _NO_PARAMETERS.union(_RESULTS)
        told = {key: value for key, value in item.items() if key not in left_out}
    told = {key: value for key, value in told.items() if value is not None}
    return json.dumps(told, ensure_ascii=False)


def _as_text(value: object) -> str:
    """Text as it is, text parts joined, images replaced by a note."""
    if value is None or isinstance(value, str):
        return value or _NOTHING
    if isinstance(value, Mapping):
        return _part_text(value)
    if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
        return "".join(map(_part_text, value)) or _NOTHING
    return json.dumps(value, ensure_ascii=False)


def _part_text(part: Mapping[str, Any]) -> str:
    if isinstance(part.get("text"), str):
        return str(part["text"])
    if "stdout" in part or "stderr" in part:
        return f"{part.get('stdout') or ''}{part.get('stderr') or ''}"
    if "image_url" in part or "file_data" in part:
        return _PICTURE
    return json.dumps(part, ensure_ascii=False)
