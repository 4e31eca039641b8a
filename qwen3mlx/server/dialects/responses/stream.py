"""Events of an answer -> the named events of a response, and the response object."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ....events import Finished, TokenLogprob
from ....text import Content, Delta, Reasoning, ToolCallDelta
from ...core.agent import CallBegun, CallEnded, StepEnded
from ...http.errors import ApiError
from ...http.respond import NAMED_EVENTS
from ...http.sse import DONE
from ...json_text import Json
from ..shared.completions.logprobs import TextTokens, chat_logprobs
from ..shared.tools import ClientTool
from .items import Item, new_step
from .mcp import listed
from .mcp_answer import ListBegun, Listed, ListFailed, ResponseEvent
from .mcp_output import ApprovalRequest, McpCall, ToolList
from .output import (
    Message,
    OutputItem,
    SummarizedThinking,
    Thinking,
    ToolCallItem,
    tool_call_item,
)
from .response import usage_json

# The name of the events that stream reasoning if a summary is requested.
SUMMARY_EVENTS = "response.reasoning_summary_text"
# Items that say nothing.
_SILENT = ("reasoning", "mcp_list_tools", "mcp_call")


class ResponseWriter:
    """Turns the events of an answer into those of the response.

    `head` is the response before its first token, `thinking_events` the name of the events that
    stream reasoning; `sealed` requests `encrypted_content`; `tools` may be called; `items` is the
    conversation. `response` is the object so far, which is also the reply to a request that does
    not stream.
    """

    format = NAMED_EVENTS

    def __init__(
        self,
        head: Json,
        *,
        thinking_events: str,
        sealed: bool = False,
        tools: Sequence[ClientTool] = (),
        items: Sequence[Item] = (),
    ) -> None:
        self.response = head
        self._thinking_events = thinking_events
        self._sealed = sealed
        self._tools = {tool.offered_name: tool for tool in tools}
        self._num_events = 0
        self._output: list[Json] = []
        self._item: OutputItem | None = None
        self._tokens = TextTokens()
        self._step = new_step()
        self._asked: set[str] = set()  # names of tools whose calls need approval
        self._list: ToolList | None = None
        self._known_lists = {
            item["server_label"]: item.get("tools")
            for item in items
            if item["type"] == "mcp_list_tools"
        }
        self._running: dict[str, McpCall] = {}  # by the id of the call

    def start(self) -> list[Json]:
        kinds = ("response.created", "response.in_progress")
        return self._numbered([self._lifecycle(kind) for kind in kinds])

    def add(self, event: ResponseEvent) -> list[Json]:
        """The response events for `event`; `Finished` causes the last ones."""
        if isinstance(event, ListBegun | Listed | ListFailed):
            return self._numbered(self._list_tools(event))
        if isinstance(event, CallBegun):
            return self._numbered(self._begin(event))
        if isinstance(event, CallEnded):
            return self._numbered(self._end_call(event))
        if isinstance(event, StepEnded):
            self._step = new_step()
        elif isinstance(event, TokenLogprob):
            self._tokens.add(event)
        elif isinstance(event, Finished):
            return self._numbered(self._finish(event))
        elif isinstance(event, (Reasoning, Content, ToolCallDelta)):
            return self._numbered(self._write(event))
        return []

    def end(self) -> list[bytes]:
        return [DONE]

    def whole(self) -> Json:
        return self.response

    def fail(self, error: ApiError) -> list[Json]:
        """An `error`, and the failed response without its unfinished item."""
        code = error.code or error.type
        cut: list[Json] = []
        for call in self._running.values():
            events, self._output[call.index] = call.abandon()
            cut += events
        self._end("failed", error={"code": code, "message": error.message})
        reason = {"type": error.type, "code": code, "message": error.message, "param": error.param}
        failed = self._lifecycle("response.failed")
        return self._numbered([*cut, {"type": "error", "error": reason}, failed])

    def _write(self, delta: Delta) -> list[Json]:
        if self._item and self._item.takes(delta):
            item, events = self._item, []
        else:
            events = self._close("completed")
            item = self._item = self._next_item(delta)
            events += item.open()
        if isinstance(delta, Content):
            logprobs = chat_logprobs(self._tokens.take(delta.text))["content"]
            return [*events, *item.add(delta.text, logprobs)]
        text = delta.arguments if isinstance(delta, ToolCallDelta) else delta.text
        self._tokens.skip(None if isinstance(delta, ToolCallDelta) else text)
        return [*events, *item.add(text, [])]

    def _next_item(self, delta: Delta) -> OutputItem:
        index = len(self._output)
        if isinstance(delta, ToolCallDelta):
            tool = self._tools.get(delta.name or "")
            if tool is None or tool.kind != "mcp":
                return tool_call_item(index, delta, tool, self._step)
            kind = ApprovalRequest if tool.offered_name in self._asked else McpCall
            return kind(index, delta, tool, self._step)
        if isinstance(delta, Content):
            return Message(index)
        is_summary = self._thinking_events == SUMMARY_EVENTS
        thinking = SummarizedThinking if is_summary else Thinking
        return thinking(index, self._thinking_events, sealed=self._sealed)

    def _close(self, status: str) -> list[Json]:
        if self._item is None:
            return []
        item, self._item = self._item, None
        if isinstance(item, ApprovalRequest) and status == "incomplete":
            return []  # nobody can approve half a call
        if isinstance(item, McpCall) and status == "completed":
            self._running[item.call_id] = item
            status = "in_progress"
        self._output.append(item.json(status))
        return item.close(status)

    def _list_tools(self, event: ListBegun | Listed | ListFailed) -> list[Json]:
        """A list that the conversation has already is told again only if it differs."""
        known, events = self._known_lists.get(event.server.label), []
        if self._list is None and (known is None or not isinstance(event, ListBegun)):
            self._list = ToolList(len(self._output), event.server.label)
            events = self._list.open()
        if self._list is None or isinstance(event, ListBegun):
            return events
        told: list[Json] = []
        if isinstance(event, Listed):
            self._tools |= {tool.offered_name: tool for tool in event.functions}
            self._asked |= event.asked
            told = [listed(tool) for tool in event.tools]
        item, self._list = self._list, None
        if isinstance(event, Listed) and told == known:
            return []
        events += item.end(told) if isinstance(event, Listed) else item.fail(event.reason)
        self._output.append(item.json("completed"))
        return events

    def _begin(self, event: CallBegun) -> list[Json]:
        """The end of a call's arguments; the whole call if it was approved in this request."""
        call, events = event.call, self._close("completed")
        if call.id not in self._running:
            first = ToolCallDelta(0, call.id, call.name, call.arguments)
            tool = self._tools[call.name]
            item = self._item = McpCall(len(self._output), first, tool, self._step, call.id)
            events += [*item.open(), *item.add(call.arguments, []), *self._close("completed")]
        return events

    def _end_call(self, event: CallEnded) -> list[Json]:
        item = self._running.pop(event.call.id)
        assert event.call.outcome is not None
        events, self._output[item.index] = item.end(event.call.outcome, event.call.given)
        return events

    def _finish(self, last: Finished) -> list[Json]:
        cut_off = last.finish_reason == "length"
        status = "incomplete" if cut_off else "completed"
        # Clients parse the arguments of a completed call as JSON.
        in_call = isinstance(self._item, ToolCallItem) and last.finish_reason != "tool_calls"
        events = self._close("incomplete" if in_call else status)
        if not cut_off and all(item["type"] in _SILENT for item in self._output):
            # Clients look for a message, even if the model said nothing.
            events += [*self._write(Content("")), *self._close(status)]
        usage = usage_json(last.usage)
        if cut_off:
            self._end(status, usage=usage, incomplete_details={"reason": "max_output_tokens"})
        else:
            self._end(status, usage=usage, completed_at=int(time.time()))
        return [*events, self._lifecycle(f"response.{status}")]

    def _end(self, status: str, **fields: object) -> None:
        self.response = {**self.response, "status": status, "output": self._output, **fields}

    def _lifecycle(self, kind: str) -> Json:
        return {"type": kind, "response": self.response}

    def _numbered(self, events: list[Json]) -> list[Json]:
        first = self._num_events
        self._num_events += len(events)
        return [{**event, "sequence_number": number} for number, event in enumerate(events, first)]
