"""Calls of tools and what came of them, as items and as chat messages.

Besides functions and custom tools there are calls of tools that OpenAI defines. Those of the
client's have the call's parameters in a field of their own, and a result in a later item; those
that OpenAI's servers carried out may hold their result themselves. All are told to the model as
calls of functions, by the name that the type of their item begins with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.arguments import custom_arguments
from ..shared.tools import offered_name

Item = dict[str, Any]

# Where a tool of the client's has the parameters of its call, and what else stands there.
_PARAMETERS: Mapping[str, tuple[str, Item]] = {
    "local_shell_call": ("action", {"type": "exec", "command": [], "env": {}}),
    "shell_call": ("action", {"commands": []}),
    "apply_patch_call": ("operation", {}),
    "tool_search_call": ("arguments", {}),
}
# Fields of an item that are about the item, or what came of the call.
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
    """Whether the result belongs to a call that waits for it: another server's search does not."""
    return is_result(item["type"]) and (
        item["type"] != "tool_search_output" or bool(item.get("call_id"))
    )


def client_run_call(kind: str, arguments: Mapping[str, Any]) -> Item:
    """What an item of a call by a tool of this kind has beside its id."""
    field, fixed = _PARAMETERS[f"{kind}_call"]
    execution = {"execution": "client"} if kind == "tool_search" else {}
    return {**execution, field: {**fixed, **arguments}}


def call_message(item: Item) -> Item:
    """The call as a chat message has it."""
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
    """What a call and its result have in common; other servers' calls have an id only."""
    found = item.get("call_id") or item.get("approval_request_id") or item.get("id")
    return str(found)


def own_result(item: Item) -> str | None:
    """What came of a call that another server has carried out; None: a later item has it."""
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
    """Tools that the item makes known."""
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
    """Text as it is, parts of text joined; a picture is not read out."""
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
