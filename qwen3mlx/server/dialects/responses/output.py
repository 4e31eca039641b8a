"""Output items in progress, and their events.

The events of an item are nested: `output_item.added`, `content_part.added` if it has parts, deltas,
and the corresponding `done` events in reverse order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ....text import Content, Delta, Reasoning, ToolCallDelta
from ...json_text import Json
from ..shared.arguments import CustomInput, arguments_object
from ..shared.sealed import seal
from ..shared.tools import ClientTool
from .calls import client_run_call
from .items import new_id


class OutputItem(ABC):
    """The item at `index`; `prefix` is that of its id, `events` that of its delta events.

    `step` is for calls: see `new_step`.
    """

    def __init__(self, index: int, prefix: str, events: str, step: str = "") -> None:
        self._id = new_id(prefix, step)
        self._index = index
        self._events = events
        self._text = ""

    @abstractmethod
    def takes(self, delta: Delta) -> bool:
        """Whether the delta continues this item."""

    @abstractmethod
    def json(self, status: str) -> Json:
        """The item so far."""

    def open(self) -> list[Json]:
        return [self._item_event("added", "in_progress")]

    def add(self, text: str, logprobs: list[Json]) -> list[Json]:
        """`logprobs` are those of the tokens in `text`; only messages have any."""
        self._text += text
        return [self._event(f"{self._events}.delta", delta=text)] if text else []

    def close(self, status: str) -> list[Json]:
        """`status` is completed or incomplete."""
        return [self._item_event("done", status)]

    def _item_event(self, stage: str, status: str) -> Json:
        kind = f"response.output_item.{stage}"
        return {"type": kind, "output_index": self._index, "item": self.json(status)}

    def _event(self, kind: str, **fields: object) -> Json:
        return {"type": kind, "item_id": self._id, "output_index": self._index, **fields}


class ToolCallItem(OutputItem):
    """A call of `tool`, in the form in which the client declared it."""

    prefix, events = "fc", "response.function_call_arguments"

    def __init__(
        self, index: int, first: ToolCallDelta, tool: ClientTool | None, step: str
    ) -> None:
        super().__init__(index, self.prefix, self.events, step)
        self._number = first.index
        self._call = {
            "call_id": first.id or new_id("call"),
            "name": tool.name if tool else first.name or "",
            **({"namespace": tool.namespace} if tool and tool.namespace else {}),
        }

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, ToolCallDelta) and delta.index == self._number


class FunctionCall(ToolCallItem):
    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": "function_call",
            "status": status,
            **self._call,
            "arguments": self._text,
        }

    def close(self, status: str) -> list[Json]:
        done = self._event(f"{self._events}.done", name=self._call["name"], arguments=self._text)
        return [done, *super().close(status)]


class CustomCall(ToolCallItem):
    prefix, events = "ctc", "response.custom_tool_call_input"

    def __init__(
        self, index: int, first: ToolCallDelta, tool: ClientTool | None, step: str
    ) -> None:
        super().__init__(index, first, tool, step)
        self._input = CustomInput()

    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": "custom_tool_call",
            "status": status,
            **self._call,
            "input": self._text,
        }

    def add(self, text: str, logprobs: list[Json]) -> list[Json]:
        return super().add(self._input.add(text), logprobs)

    def close(self, status: str) -> list[Json]:
        rest = super().add(self._input.finish(), [])
        done = self._event(f"{self._events}.done", input=self._text)
        return [*rest, done, *super().close(status)]


class ClientRunCall(ToolCallItem):
    """A call of a tool that OpenAI defines: it is sent whole, without delta events."""

    def __init__(self, index: int, first: ToolCallDelta, tool: ClientTool, step: str) -> None:
        self.prefix = self._kind = tool.kind
        super().__init__(index, first, tool, step)

    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": f"{self._kind}_call",
            "status": status,
            "call_id": self._call["call_id"],
            **client_run_call(self._kind, arguments_object(self._text)),
        }

    def add(self, text: str, logprobs: list[Json]) -> list[Json]:
        self._text += text
        return []


def tool_call_item(
    index: int, first: ToolCallDelta, tool: ClientTool | None, step: str
) -> ToolCallItem:
    """The item for a call of `tool`, which is None if the model named an unknown tool."""
    if tool is None or tool.kind == "function":
        return FunctionCall(index, first, tool, step)
    if tool.kind == "custom":
        return CustomCall(index, first, tool, step)
    return ClientRunCall(index, first, tool, step)


class TextItem(OutputItem):
    """An item with one text part; `place` is its index, `part_events` the prefix of its events."""

    place: Mapping[str, int] = {"content_index": 0}
    part_events = "response.content_part"

    @abstractmethod
    def part(self) -> Json:
        """The part so far."""

    def open(self) -> list[Json]:
        return [*super().open(), self._part_event("added")]

    def close(self, status: str) -> list[Json]:
        done = self._event(f"{self._events}.done", text=self._text)
        return [done, self._part_event("done"), *super().close(status)]

    def _event(self, kind: str, **fields: object) -> Json:
        return super()._event(kind, **self.place, **fields)

    def _part_event(self, stage: str) -> Json:
        return self._event(f"{self.part_events}.{stage}", part=self.part())


class Thinking(TextItem):
    """Reasoning; with `sealed`, it includes `encrypted_content`."""

    def __init__(self, index: int, events: str, *, sealed: bool) -> None:
        super().__init__(index, "rs", events)
        self._sealed = sealed

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, Reasoning)

    def part(self) -> Json:
        return {"type": "reasoning_text", "text": self._text}

    def json(self, status: str) -> Json:
        written = status != "in_progress"
        return {
            "id": self._id,
            "type": "reasoning",
            "status": status,
            "summary": [],
            **self._text_fields(written),
            **({"encrypted_content": seal(self._text)} if self._sealed and written else {}),
        }

    def _text_fields(self, written: bool) -> Json:
        return {"content": [self.part()] if written else []}


class SummarizedThinking(Thinking):
    """Sends the reasoning as its summary, as OpenAI's clients show nothing else."""

    place: Mapping[str, int] = {"summary_index": 0}
    part_events = "response.reasoning_summary_part"

    def part(self) -> Json:
        return {"type": "summary_text", "text": self._text}

    def _text_fields(self, written: bool) -> Json:
        return {"summary": [self.part()] if written else []}


class Message(TextItem):
    def __init__(self, index: int) -> None:
        super().__init__(index, "msg", "response.output_text")
        self._logprobs: list[Json] = []

    def takes(self, delta: Delta) -> bool:
        return isinstance(delta, Content)

    def part(self) -> Json:
        return {
            "type": "output_text",
            "text": self._text,
            "annotations": [],
            "logprobs": list(self._logprobs),
        }

    def json(self, status: str) -> Json:
        return {
            "id": self._id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [] if status == "in_progress" else [self.part()],
        }

    def add(self, text: str, logprobs: list[Json]) -> list[Json]:
        self._logprobs += logprobs
        return [{**event, "logprobs": logprobs} for event in super().add(text, logprobs)]

    def close(self, status: str) -> list[Json]:
        done, *rest = super().close(status)
        return [{**done, "logprobs": list(self._logprobs)}, *rest]
