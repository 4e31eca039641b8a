"""Answers of MCP servers as the SDK takes them, which is stricter than many servers are.

For one odd tool it refuses the whole list, and for one odd block, or a schema that is meant for
programs, the whole result. Here each costs itself alone.
"""

from __future__ import annotations

import json
from typing import Any

# The field of a tool's `_meta` that holds its schema, which may be more than the SDK takes.
SCHEMA = "qwen3mlx/inputSchema"
# What the blocks of a result need, and may have, besides their type.
_NEEDED = {
    "text": ("text",),
    "image": ("data", "mimeType"),
    "audio": ("data", "mimeType"),
    "resource_link": ("name", "uri"),
}
_OPTIONAL = ("description", "mimeType")


def make_plain(result: Any) -> None:
    """Rewrite the result of `tools/list` or `tools/call` in place; others stay."""
    if not isinstance(result, dict):
        return
    for key, kind in {"_meta": dict, "nextCursor": str}.items():
        if not isinstance(result.get(key), kind):
            result.pop(key, None)
    if isinstance(result.get("tools"), list):
        result["tools"] = [_tool(tool) for tool in result["tools"]]
    elif "content" in result or "structuredContent" in result:
        _make_call_plain(result)


def _tool(told: Any) -> dict[str, Any]:
    """The parts of a tool that are used; `Tool.fault` says what is wrong with its name or schema.

    The schema of its results is left out: a model reads their text, whatever that says.
    """
    tool = told if isinstance(told, dict) else {}
    schema = _schema(tool.get("inputSchema"))
    texts = [tool.get(key) for key in ("description", "title")]
    hints = tool.get("annotations")
    is_read_only = isinstance(hints, dict) and hints.get("readOnlyHint") is True
    return {
        "name": tool["name"] if isinstance(tool.get("name"), str) else "",
        "description": next((text for text in texts if isinstance(text, str) and text), ""),
        "inputSchema": schema if _is_usual(schema) else {"type": "object"},
        "annotations": {"readOnlyHint": is_read_only},
        "_meta": {SCHEMA: schema},
    }


def _schema(told: Any) -> dict[str, Any]:
    """The schema without keywords that are null, as servers in Go write "none"."""
    if told is None or isinstance(told, dict):
        given = {key: value for key, value in (told or {}).items() if value is not None}
        return {"type": "object", **given}
    return {"type": "object", "properties": told}  # it is no schema, and this is none, either


def _is_usual(schema: dict[str, Any]) -> bool:
    """Whether the SDK takes it."""
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        schema["type"] == "object"
        and isinstance(properties, dict)
        and all(isinstance(one, (dict, bool)) for one in properties.values())
        and isinstance(required, list)
        and all(isinstance(name, str) for name in required)
        and isinstance(schema.get("$schema", ""), str)
    )


def _make_call_plain(result: dict[str, Any]) -> None:
    content = result.get("content")
    if content is None:
        content = []
    blocks = content if isinstance(content, list) else [content]
    structured = result.get("structuredContent")
    if structured is not None and not isinstance(structured, dict):
        blocks = blocks or [structured]
        del result["structuredContent"]
    result["content"] = [_block(block) for block in blocks]
    result["isError"] = bool(result.get("isError"))


def _block(told: Any) -> dict[str, Any]:
    """A block of a kind that is known, with what is needed; anything else as text."""
    block = told if isinstance(told, dict) else {}
    kind = block.get("type")
    if kind == "resource" and _is_resource(block.get("resource")):
        return {"type": "resource", "resource": _texts(block["resource"], "uri", "text", "blob")}
    needed = _NEEDED.get(kind) if isinstance(kind, str) else None
    if needed and all(isinstance(block.get(key), str) for key in needed):
        return _texts(block, "type", *needed)
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return {"type": "text", "text": text}


def _is_resource(told: Any) -> bool:
    if not isinstance(told, dict) or not isinstance(told.get("uri"), str):
        return False
    return isinstance(told.get("text"), str) or isinstance(told.get("blob"), str)


def _texts(told: dict[str, Any], *keys: str) -> dict[str, str]:
    found = {key: told.get(key) for key in (*keys, *_OPTIONAL)}
    return {key: text for key, text in found.items() if isinstance(text, str)}
