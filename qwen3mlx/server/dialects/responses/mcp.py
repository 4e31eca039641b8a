"""Tools of type `mcp`: the servers whose tools a request may use, and which calls need approval.

https://platform.openai.com/docs/guides/tools-connectors-mcp
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from ....errors import InvalidRequestError
from ....quoting import quoted
from ...core.server_tools import Source
from ...http.invalid_fields import invalid_field
from ...json_text import Json
from ..shared.field_table import refuse_unheard
from ..shared.tools import ClientTool, offered_name
from .schemas import Approval, McpTool, ToolFilter

if TYPE_CHECKING:
    from ....tools.toolbox import Tool


class McpServer(NamedTuple):
    """A server that a request names: of mcp.json by its label, or one at an address."""

    source: Source
    declared: McpTool

    @property
    def label(self) -> str:
        return self.declared.server_label

    def chosen(self, tools: Iterable[Tool]) -> list[Tool]:
        """The tools that the request allows, without those that cannot be offered."""
        allowed = self.declared.allowed_tools
        usable = [tool for tool in tools if tool.fault is None]
        if isinstance(allowed, ToolFilter):
            return [tool for tool in usable if _matches(allowed, tool)]
        return usable

    def needs_approval(self, tool: Tool) -> bool:
        """Whether the client wants to be asked before each call, as it does unless it says no."""
        wanted = self.declared.require_approval
        if not isinstance(wanted, Approval):
            return wanted != "never"
        always, never = wanted.always, wanted.never
        return _named_by(always, tool) or not _named_by(never, tool)

    def offered(self, tools: Sequence[Tool]) -> list[ClientTool]:
        """The tools as functions; the description of the server precedes that of the first."""
        about = self.declared.server_description
        made = [_function(tool, self.source.param) for tool in tools]
        if made and about:
            function = made[0].function["function"]
            function["description"] = f"{about}\n\n{function['description']}".rstrip()
        return made


def servers_from(tools: Sequence[Mapping[str, Any]] | None) -> list[McpServer]:
    """Raises InvalidRequestError for a server that cannot be used as it is described."""
    servers: list[McpServer] = []
    for index, tool in enumerate(tools or ()):
        if tool.get("type") != "mcp":
            continue
        server = _server(_validated(tool, index), f"tools[{index}]")
        if any(server.label == other.label for other in servers):
            field = f"tools[{index}].server_label"
            raise InvalidRequestError(f"{field} names {quoted(server.label)} again.", param=field)
        servers.append(server)
    return servers


def without_secrets(tool: Json) -> Json:
    """The tool as the response repeats it: what is for its server alone is left out."""
    kept = {key: value for key, value in tool.items() if key not in ("authorization", "headers")}
    return {**kept, "headers": None, "require_approval": tool.get("require_approval") or "always"}


def listed(tool: Tool) -> Json:
    """The tool as a member of `mcp_list_tools`."""
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": dict(tool.schema),
        "annotations": {"read_only": tool.is_read_only},
    }


def _validated(tool: Mapping[str, Any], index: int) -> McpTool:
    where = f"tools[{index}]"
    undeclared = sorted(tool.keys() - McpTool.model_fields)
    refuse_unheard(undeclared, McpTool.sections, tool, where=where)
    try:
        return McpTool.model_validate(tool)
    except ValidationError as error:
        place = ("body", "tools", index)
        faults = [{**fault, "loc": (*place, *fault["loc"])} for fault in error.errors()]
        raise invalid_field(faults, {"tools": [{}] * index + [tool]}) from None


def _server(tool: McpTool, where: str) -> McpServer:
    if tool.server_url is None:
        for name in ("headers", "authorization"):
            if getattr(tool, name):
                field = f"{where}.{name}"
                raise InvalidRequestError(
                    f"{field} needs a server_url: a server of mcp.json has its own.", param=field
                )
    names = tool.allowed_tools if isinstance(tool.allowed_tools, list) else None
    headers = _headers(tool, where)
    source = Source(tool.server_label, where, tool.server_url, headers, names)
    return McpServer(source, tool)


def _headers(tool: McpTool, where: str) -> dict[str, Any]:
    headers = dict(tool.headers or {})
    if tool.authorization is None:
        return headers
    if any(name.lower() == "authorization" for name in headers):
        field = f"{where}.authorization"
        raise InvalidRequestError(f"{field} is in headers, too: send one of them.", param=field)
    return {**headers, "Authorization": f"Bearer {tool.authorization}"}


def _named_by(filter_: ToolFilter | None, tool: Tool) -> bool:
    """Whether a filter of approvals says something about a tool; an empty one does not."""
    if filter_ is None or (filter_.tool_names is None and filter_.read_only is None):
        return False
    return _matches(filter_, tool)


def _matches(filter_: ToolFilter, tool: Tool) -> bool:
    is_named = filter_.tool_names is None or tool.name in filter_.tool_names
    return is_named and filter_.read_only in (None, tool.is_read_only)


def _function(tool: Tool, where: str) -> ClientTool:
    name = offered_name(tool.name, tool.server)
    return ClientTool(tool.function(name), tool.name, where, "mcp", tool.server)
