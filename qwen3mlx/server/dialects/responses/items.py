"""Items of a conversation, as clients send them and as they are stored.

A stored item has an id, its content as a list of parts, and only the fields of the specification,
so that it can be listed, referenced and sent again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ....errors import InvalidRequestError
from ....quoting import quoted
from ....request_warnings import warn
from ....text import check_new_message, is_media, left_out
from .approvals import RESPONSE
from .calls import is_call, is_result, tools_in

Item = dict[str, Any]

_ROLES = ("user", "assistant", "system", "developer")
_STATUSES = ("in_progress", "completed", "incomplete")
_ID_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
}
# Items that only the server that created them can read.
_UNREAD = ("compaction", "compaction_summary")
# Items that are not part of the prompt; a request with the server lists its tools anew.
UNPROMPTED = (*_UNREAD, "additional_tools", "mcp_list_tools")
_MESSAGE_PARTS = ("input_text", "output_text", "text", "refusal")
# Characters of an id that the calls of one step share, and all of them.
STEP, ID = 16, 48


def new_step() -> str:
    """How the ids of one step's calls begin, so that they become one message again."""
    return os.urandom(STEP // 2).hex()


def new_id(prefix: str, step: str = "") -> str:
    return f"{prefix}_{step}{os.urandom((ID - len(step)) // 2).hex()}"


def input_items(
    given: str | Sequence[Mapping[str, Any]] | None,
    find: Callable[[str], Item | None],
    *,
    param: str = "input",
) -> list[Item]:
    """The items of `param`; `find` looks up the item of an item_reference.

    Raises InvalidRequestError, which names the field that cannot be fulfilled.
    """
    if given is None:
        return []
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    items = [_item(item, f"{param}[{index}]", find) for index, item in enumerate(given)]
    if items and items[-1].get("role") == "user" and isinstance(given[-1].get("content"), list):
        where = f"{param}[{len(items) - 1}].content"
        check_new_message(
            (part.get("type"), part.get("text"), f"{where}[{index}]")
            for index, part in enumerate(given[-1]["content"])
        )
    return items


class Places:
    """The path of each item in the request.

    `new` are the items of `input`; all others came with the field `earlier`.
    """

    def __init__(self, new: Sequence[Item], earlier: str = "input") -> None:
        self._by_item = {id(item): f"input[{index}]" for index, item in enumerate(new)}
        self._earlier = earlier

    def of(self, item: Item) -> str:
        return self._by_item.get(id(item), self._earlier)


def loaded_tools(items: Sequence[Item], places: Places) -> list[tuple[str, Mapping[str, Any]]]:
    """The tools that the conversation itself has added, each with its path."""
    return [
        (f"{places.of(item)}.tools[{index}]", tool)
        for item in items
        for index, tool in enumerate(tools_in(item))
    ]


def _item(item: Mapping[str, Any], where: str, find: Callable[[str], Item | None]) -> Item:
    kind = item.get("type") or ("message" if "role" in item else None)
    if kind == "item_reference":
        return _referred(item, where, find)
    if not isinstance(kind, str) or not _is_known(kind):
        raise InvalidRequestError(
            f"{where}.type is {quoted(kind)}; it must be message, reasoning, item_reference, "
            "additional_tools, or a tool call or its output.",
            param=f"{where}.type",
        )
    fields = _fields(kind, item, where)
    given_id = item.get("id")
    prefix = _ID_PREFIXES.get(kind, kind)
    item_id = given_id if isinstance(given_id, str) and given_id else new_id(prefix)
    status = item.get("status")
    return {
        "status": status if status in _STATUSES else "completed",
        **fields,
        "id": item_id,
        "type": kind,
    }


def _is_known(kind: str) -> bool:
    named = ("message", "reasoning", *UNPROMPTED)
    return kind in named or is_call(kind) or is_result(kind)


def _fields(kind: str, item: Mapping[str, Any], where: str) -> Item:
    if kind == "message":
        return _message(item, where)
    if kind == "reasoning":
        return _reasoning(item, where)
    if kind in ("function_call", "custom_tool_call"):
        names = ("call_id", "name", "arguments" if kind == "function_call" else "input")
        namespace = item.get("namespace")
        return {
            **{name: _string(item, name, where) for name in names},
            **({"namespace": namespace} if isinstance(namespace, str) else {}),
        }
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"call_id": _string(item, "call_id", where), "output": _output(item, where)}
    if kind == RESPONSE:
        _string(item, "approval_request_id", where)
        if not isinstance(item.get("approve"), bool):
            field = f"{where}.approve"
            raise InvalidRequestError(f"{field} must be true or false.", param=field)
    if kind == "mcp_list_tools":
        _string(item, "server_label", where)
    elif kind in _UNREAD:
        warn(f"{where} was left out: only the server that created its {kind} can read it.")
    elif "server_label" in item:
        _string(item, "server_label", where)
        _string(item, "name", where)
        _string(item, "arguments", where)
        if item.get("approval_request_id") is not None:
            _string(item, "approval_request_id", where)
    return dict(item)


def _referred(reference: Mapping[str, Any], where: str, find: Callable[[str], Item | None]) -> Item:
    item_id = _string(reference, "id", where)
    item = find(item_id)
    if item is None:
        raise InvalidRequestError(
            f"{where}.id: there is no stored item {quoted(item_id)}; send the item itself.",
            param=f"{where}.id",
        )
    return item


def _message(item: Mapping[str, Any], where: str) -> Item:
    role = item.get("role")
    if role not in _ROLES:
        raise InvalidRequestError(
            f"{where}.role is {quoted(role)}; it must be one of {', '.join(_ROLES)}.",
            param=f"{where}.role",
        )
    kind = "output_text" if role == "assistant" else "input_text"
    phase = item.get("phase")
    return {
        "role": role,
        "content": _parts(item.get("content"), f"{where}.content", kind, _MESSAGE_PARTS),
        **({"phase": phase} if phase in ("commentary", "final_answer") else {}),
    }


def _reasoning(item: Mapping[str, Any], where: str) -> Item:
    content, summary = item.get("content") or [], item.get("summary") or []
    sealed = item.get("encrypted_content")
    return {
        "content": _parts(content, f"{where}.content", "reasoning_text", ("reasoning_text",)),
        "summary": _parts(summary, f"{where}.summary", "summary_text", ("summary_text",)),
        **({"encrypted_content": sealed} if isinstance(sealed, str) else {}),
    }


def _output(item: Mapping[str, Any], where: str) -> str | list[Item]:
    output = item.get("output")
    if isinstance(output, str):
        return output
    return _parts(output, f"{where}.output", "input_text", ("input_text", "output_text", "text"))


def _parts(content: object, where: str, kind: str, known: Sequence[str]) -> list[Item]:
    """Text parts, all with the type `kind`; refusals stay refusals."""
    if isinstance(content, str):
        content = [{"type": kind, "text": content}]
    if not isinstance(content, list):
        raise InvalidRequestError(f"{where} must be a string or a list of text parts.", param=where)
    return [_part(part, f"{where}[{index}]", kind, known) for index, part in enumerate(content)]


def _part(part: object, where: str, kind: str, known: Sequence[str]) -> Item:
    if not isinstance(part, Mapping):
        raise InvalidRequestError(f"{where} must be an object with type and text.", param=where)
    given = part.get("type")
    if is_media(given) and kind in ("input_text", "output_text"):
        return _text_part(kind, left_out(str(given), where))
    if given not in known:
        raise InvalidRequestError(
            f"{where}.type is {quoted(given)}; Qwen3 only reads text: send {' or '.join(known)}.",
            param=f"{where}.type",
        )
    if given == "refusal":
        return {"type": "refusal", "refusal": _string(part, "refusal", where)}
    return _text_part(kind, _string(part, "text", where))


def _text_part(kind: str, text: str) -> Item:
    annotations: Item = {"annotations": []} if kind == "output_text" else {}
    return {"type": kind, "text": text, **annotations}


def _string(holder: Mapping[str, Any], name: str, where: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str):
        raise InvalidRequestError(f"{where}.{name} must be a string.", param=f"{where}.{name}")
    return value
