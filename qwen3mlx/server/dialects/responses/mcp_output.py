"""Output items of MCP servers: lists of tools, calls of these, and requests to approve one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....text import Delta, ToolCallDelta
from ...json_text import Json
from ..shared.tools import ClientTool
from .output import OutputItem, ToolCallItem

if TYPE_CHECKING:
    from ....tools.outcome import Outcome, Status

# Codes of JSON-RPC and MCP for calls that came to nothing.
_CODES: dict[Status, int] = {"invalid": -32602, "timeout": -32001}
_OTHER_CODE = -32000


class ToolList(OutputItem):
    """The tools of the server `label`."""

    def __init__(self, index: int, label: str) -> None:
        super().__init__(index, "mcpl", "response.mcp_list_tools")
        self._fields: Json = {"server_label": label, "tools": []}

    def takes(self, delta: Delta) -> bool:
        return False

    def json(self, status: str) -> Json:
        return {"id": self._id, "type": "mcp_list_tools", **self._fields}

    def open(self) -> list[Json]:
        return [*super().open(), self._event(f"{self._events}.in_progress")]

    def end(self, tools: Sequence[Json]) -> list[Json]:
        self._fields["tools"] = list(tools)
        return [self._event(f"{self._events}.completed"), *self.close("completed")]

    def fail(self, reason: str) -> list[Json]:
        self._fields["error"] = reason
        return [self._event(f"{self._events}.failed"), *self.close("incomplete")]


class McpCall(ToolCallItem):
    """A call that runs here once its arguments are complete: `close` does not end it, `end` does.

    `request_id` is that of the request in which it was approved.
    """

    prefix, events = "mcp", "response.mcp_call_arguments"

    def __init__(
        self,
        index: int,
        first: ToolCallDelta,
        tool: ClientTool,
        step: str,
        request_id: str | None = None,
    ) -> None:
        super().__init__(index, first, tool, step)
        self.index, self.call_id = index, self._call["call_id"]
        self._label = tool.namespace
        self._ending: Json = {"approval_request_id": request_id, "output": None, "error": None}

    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": "mcp_call",
            "status": status,
            "server_label": self._label,
            "name": self._call["name"],
            "arguments": self._text,
            **self._ending,
        }

    def open(self) -> list[Json]:
        return [*super().open(), self._event("response.mcp_call.in_progress")]

    def close(self, status: str) -> list[Json]:
        done = self._event(f"{self._events}.done", arguments=self._text)
        return [done, *super().close(status)] if status == "incomplete" else [done]

    def abandon(self) -> tuple[list[Json], Json]:
        """The last event, and the item, of a call whose end nobody will learn."""
        return super().close("incomplete"), self.json("incomplete")

    def end(self, outcome: Outcome, given: str) -> tuple[list[Json], Json]:
        """The last events, and the item; `given` is what the model gets of the result."""
        is_done = outcome.status == "ok"
        status = "completed" if is_done else "failed"
        self._ending |= {"output": given} if is_done else {"error": _error(outcome, given)}
        events = [self._event(f"response.mcp_call.{status}"), self._item_event("done", status)]
        return events, self.json(status)


class ApprovalRequest(ToolCallItem):
    """A call that the client has to approve: it is sent whole."""

    prefix, events = "mcpr", ""

    def __init__(self, index: int, first: ToolCallDelta, tool: ClientTool, step: str) -> None:
        super().__init__(index, first, tool, step)
        self._label = tool.namespace

    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": "mcp_approval_request",
            "server_label": self._label,
            "name": self._call["name"],
            "arguments": self._text,
        }

    def open(self) -> list[Json]:
        return []

    def add(self, text: str, logprobs: list[Json]) -> list[Json]:
        self._text += text
        return []

    def close(self, status: str) -> list[Json]:
        if status == "incomplete":
            return []
        return [*super().open(), *super().close(status)]


def _error(outcome: Outcome, given: str) -> Json:
    if outcome.status == "error":
        content = [{"type": "text", "text": given}]
        return {"type": "mcp_tool_execution_error", "content": content}
    code = _CODES.get(outcome.status, _OTHER_CODE)
    return {"type": "mcp_protocol_error", "code": code, "message": given}
