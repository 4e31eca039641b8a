"""`integrations`: the servers whose tools a chat may use, and how their calls are told.

https://lmstudio.ai/docs/developer/rest/streaming-events
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.server_tools import Source
from ...json_text import Json
from .schemas import Integration

if TYPE_CHECKING:
    from ....tools.loop import Call

_PREFIX = "mcp/"


def sources_from(given: Sequence[str | Integration] | None) -> list[Source]:
    """Raises InvalidRequestError for an integration that is no MCP server, or named twice."""
    sources: list[Source] = []
    for index, each in enumerate(given or ()):
        param = f"integrations[{index}]"
        one = Integration(type="plugin", id=each) if isinstance(each, str) else each
        source = _plugin(one, param) if one.type == "plugin" else _ephemeral(one, param)
        if any(source.name == other.name for other in sources):
            raise InvalidRequestError(f"{param} names {quoted(source.name)} again.", param=param)
        sources.append(source)
    return sources


def called(call: Call) -> Json:
    """The fields of every event about a call."""
    assert call.tool is not None
    provider = {"type": "plugin", "plugin_id": f"{_PREFIX}{call.tool.server}"}
    if call.tool.is_guest:
        provider = {"type": "ephemeral_mcp", "server_label": call.tool.server}
    return {"tool": call.tool.name, "arguments": call.value, "provider_info": provider}


def metadata_of(call: Call) -> Json:
    """Why a call failed; LM Studio has the types invalid_name and invalid_arguments."""
    assert call.outcome is not None
    if call.tool is None:
        return {"type": "invalid_name", "tool_name": call.name}
    is_invalid = call.outcome.status == "invalid"
    kind = "invalid_arguments" if is_invalid else call.outcome.status
    about = called(call)
    return {
        "type": kind,
        "tool_name": about["tool"],
        "arguments": about["arguments"],
        "provider_info": about["provider_info"],
    }


def output_of(text: str) -> str:
    """A result as LM Studio writes it: content blocks, as JSON text."""
    return json.dumps([{"type": "text", "text": text}], ensure_ascii=False)


def without(fields: Json, name: str) -> Json:
    return {key: value for key, value in fields.items() if key != name}


def _plugin(one: Integration, param: str) -> Source:
    if not one.id or not one.id.startswith(_PREFIX) or one.id == _PREFIX:
        field = f"{param}.id"
        raise InvalidRequestError(
            f"{field} is {quoted(one.id)}; it must be mcp/ and the name of a server in mcp.json.",
            param=field,
        )
    return Source(one.id.removeprefix(_PREFIX), param, allowed=one.allowed_tools)


def _ephemeral(one: Integration, param: str) -> Source:
    fields: dict[str, Any] = {"server_label": one.server_label, "server_url": one.server_url}
    for name, value in fields.items():
        if not value:
            field = f"{param}.{name}"
            raise InvalidRequestError(f"{field} is missing.", param=field)
    return Source(
        fields["server_label"], param, fields["server_url"], one.headers, one.allowed_tools
    )
