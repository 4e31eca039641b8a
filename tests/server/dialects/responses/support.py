"""Bodies, events of an answer, and a reader of a response's events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from qwen3mlx.config import SamplingParams
from qwen3mlx.events import Event, Finished, Timings, Usage
from qwen3mlx.server.dialects.responses.response import response_head
from qwen3mlx.server.dialects.responses.schemas import ResponseBody
from qwen3mlx.server.dialects.responses.stream import SUMMARY_EVENTS, ResponseWriter
from qwen3mlx.server.dialects.shared.tools import client_tools

Json = dict[str, Any]
DELTA_NAMES = (
    "response.output_text",
    "response.reasoning",
    "response.function_call_arguments",
    "response.custom_tool_call_input",
    "response.reasoning_summary_text",
    "response.reasoning_text",
    "response.mcp_call_arguments",
)
# Items of one text, which is in no part, and the field that has it.
_TEXTS = {"function_call": "arguments", "custom_tool_call": "input", "mcp_call": "arguments"}


def body(**fields: Any) -> ResponseBody:
    return ResponseBody(**{"model": "demo", "input": "Hi", **fields})


def finished(reason: Literal["stop", "length", "tool_calls"] = "stop") -> Finished:
    usage = Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, reasoning_tokens=2)
    return Finished(reason, usage, Timings(0.1, 0.2, 0.3, 5, 4))


def writer(**fields: Any) -> ResponseWriter:
    given = body(**fields)
    head = response_head(given, "demo", SamplingParams())
    sealed = given.includes("reasoning.encrypted_content")
    summary = given.reasoning and given.reasoning.wanted_summary
    return ResponseWriter(
        head,
        thinking_events=SUMMARY_EVENTS if summary else "response.reasoning",
        sealed=sealed,
        tools=client_tools(given.tools),
    )


def write(events: Sequence[Event], **fields: Any) -> tuple[list[Json], Json]:
    """The events of the response to these, and the response."""
    one = writer(**fields)
    written = one.start() + [made for event in events for made in one.add(event)]
    return written, one.response


class Reader:
    """Reads a stream as a strict client: fails on an event that is not nested as it should be.

    `output` is what the items' own events say, put together from the deltas.
    """

    def __init__(self) -> None:
        self.output: list[Json] = []
        self.response: Json | None = None
        self._next_number = 0
        self._item: Json | None = None
        self._part: Json | None = None
        self._text: list[str] = []
        self._is_text_done = False

    def read(self, event: Json) -> None:
        assert self.response is None, f"{event['type']} after the last event"
        assert event["sequence_number"] == self._next_number
        self._next_number += 1
        name = event["type"].removeprefix("response.").replace(".", "_")
        if name in ("completed", "incomplete", "failed"):
            self._end(event)
        elif event["type"].rpartition(".")[0] in DELTA_NAMES:
            self._text_event(event)
        else:
            getattr(self, f"_on_{name}")(event)

    def _on_created(self, event: Json) -> None:
        assert event["sequence_number"] == 0
        assert event["response"]["output"] == []

    def _on_in_progress(self, event: Json) -> None:
        assert event["sequence_number"] == 1
        assert event["response"]["status"] == "in_progress"

    def _on_error(self, event: Json) -> None:
        self._item = None

    def _on_output_item_added(self, event: Json) -> None:
        assert self._item is None
        assert event["output_index"] == len(self.output)
        self._item, self._text, self._is_text_done = event["item"], [], False
        assert self._item.get("status", "in_progress") == "in_progress"

    def _on_content_part_added(self, event: Json) -> None:
        assert self._part is None
        self._check_place(event)
        self._part = event["part"]
        assert self._part["text"] == ""

    def _text_event(self, event: Json) -> None:
        assert not self._is_text_done
        self._check_place(event)
        assert self._item is not None
        assert (self._part is None) == (self._item["type"] in _TEXTS)
        if event["type"].endswith(".delta"):
            assert event["delta"]
            self._text.append(event["delta"])
        else:
            self._is_text_done = True
            field = _TEXTS.get(self._item["type"], "text")
            assert event[field] == "".join(self._text)

    def _on_content_part_done(self, event: Json) -> None:
        assert self._is_text_done
        assert self._part is not None
        self._check_place(event)
        assert event["part"]["type"] == self._part["type"]
        assert event["part"]["text"] == "".join(self._text)
        self._part = None

    def _on_mcp(self, event: Json) -> None:
        assert self._item is not None
        assert (event["item_id"], event["output_index"]) == (self._item["id"], len(self.output))
        kind = event["type"].split(".")[1]
        assert self._item["type"] == kind
        if kind == "mcp_call":
            assert self._is_text_done == (not event["type"].endswith(".in_progress"))

    _on_mcp_list_tools_in_progress = _on_mcp_list_tools_completed = _on_mcp
    _on_mcp_call_in_progress = _on_mcp_call_completed = _on_mcp_call_failed = _on_mcp
    _on_reasoning_summary_part_added = _on_content_part_added
    _on_reasoning_summary_part_done = _on_content_part_done

    def _on_output_item_done(self, event: Json) -> None:
        assert self._part is None
        assert self._item is not None
        assert event["output_index"] == len(self.output)
        item = event["item"]
        assert (item["id"], item["type"]) == (self._item["id"], self._item["type"])
        if item["type"] in _TEXTS:
            texts = [item[_TEXTS[item["type"]]]]
        else:
            parts = item.get("content", ()) or item.get("summary", ())
            texts = [part["text"] for part in parts]
        assert texts == ["".join(self._text)] * self._is_text_done
        assert self._is_text_done or not {"content", *_TEXTS.values()} & {*item} - {"arguments"}
        self.output.append(item)
        self._item = None

    def _end(self, event: Json) -> None:
        assert self._item is None
        self.response = event["response"]
        assert event["type"] == f"response.{self.response['status']}"
        assert self.response["output"] == self.output

    def _check_place(self, event: Json) -> None:
        assert self._item is not None
        assert event["item_id"] == self._item["id"]
        assert event["output_index"] == len(self.output)
        assert event.get("content_index", 0) == event.get("summary_index", 0) == 0


def read(events: Sequence[Json]) -> Reader:
    reader = Reader()
    for event in events:
        reader.read(event)
    assert reader.response is not None, "the stream has no last event"
    return reader
