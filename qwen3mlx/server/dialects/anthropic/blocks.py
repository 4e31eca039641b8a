"""Blocks without a counterpart in Qwen3, as text; tools run by Anthropic's servers, as calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ...json_text import Json
from ..shared.tools import offered_name
from .schemas import OtherBlock

_NOTHING = "(There is no result.)"
# Fields of a result that only the server that made it can use.
_SEALED = ("encrypted_content", "encrypted_index", "encrypted_stdout", "page_age", "type")


def block_text(block: OtherBlock) -> str | None:
    """The text of a block; None if it has none."""
    if block.type == "document":
        return _document(block)
    if block.type == "search_result":
        heads = [block.field("title"), block.field("source")]
        return _lines(*heads, content_text(block.field("content")))
    if block.type == "tool_reference":
        return f"The tool {block.field('tool_name')} can be called."
    if block.type == "container_upload":
        return "(A file, which cannot be read here.)"
    if block.type == "compaction":
        return content_text(block.field("content"))
    return None


def is_served_call(block: OtherBlock) -> bool:
    return block.type in ("server_tool_use", "mcp_tool_use")


def is_served_result(block: OtherBlock) -> bool:
    return block.type.endswith("_tool_result")


def served_call(block: OtherBlock) -> Json:
    """A call of a tool that another server has run."""
    name = offered_name(str(block.field("name")), block.field("server_name"))
    function = {"name": name, "arguments": block.field("input") or {}}
    return {"id": str(block.field("id")), "type": "function", "function": function}


def content_text(content: object) -> str:
    """The text of a block's content: a string, an object, or a list of them."""
    if content is None or content == [] or content == "":
        return _NOTHING
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return "\n\n".join(map(content_text, content))
    if isinstance(content, Mapping) and isinstance(content.get("text"), str):
        return str(content["text"])
    if isinstance(content, Mapping):
        told = {name: value for name, value in content.items() if name not in _SEALED}
        return json.dumps(told, ensure_ascii=False)
    return json.dumps(content)


def _document(block: OtherBlock) -> str | None:
    source = block.field("source")
    kind = source.get("type") if isinstance(source, Mapping) else None
    if kind not in ("text", "content"):
        return None
    text = source.get("data") if kind == "text" else source.get("content")
    return _lines(block.field("title"), block.field("context"), content_text(text))


def _lines(*parts: object) -> str:
    return "\n".join(str(part) for part in parts if part)
