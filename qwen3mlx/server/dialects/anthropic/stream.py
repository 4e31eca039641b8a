"""Events of an answer -> Anthropic's message, complete and as the events of a stream.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from typing import Literal

from ....events import Event, Finished
from ....text import Content, Reasoning, ToolCallDelta
from ...http.errors import ApiError
from ...http.respond import NAMED_EVENTS
from ...json_text import Json
from ..shared.arguments import arguments_object
from ..shared.sealed import seal
from .errors import render_error
from .response import new_message, stop_reason, usage_json


class MessageWriter:
    """Turns the events of an answer into those of the stream; `message` grows with them.

    `max_tokens` is the request's limit. Without `show_thinking`, reasoning is only sent inside its
    signature, for the client to send back. `counts_cache`: see `usage_json`.
    """

    format = NAMED_EVENTS

    def __init__(
        self,
        model: str,
        prompt_tokens: int,
        max_tokens: int | None = None,
        *,
        show_thinking: bool = True,
        counts_cache: bool = True,
    ) -> None:
        self.message = new_message(model, prompt_tokens, counts_cache=counts_cache)
        self._counts_cache = counts_cache
        self._max_tokens = max_tokens
        self._show_thinking = show_thinking
        self._content: list[Json] = self.message["content"]
        self._open: Literal["thinking", "text", "tool_use"] | None = None
        self._text: list[str] = []  # of the open block

    def start(self) -> list[Json]:
        """The messages before the first event."""
        message = {**self.message, "content": []}
        return [{"type": "message_start", "message": message}, {"type": "ping"}]

    def add(self, event: Event) -> list[Json]:
        if isinstance(event, Reasoning):
            return [*self._begin_text("thinking"), *self._add_thinking(event.text)]
        if isinstance(event, Content):
            delta = {"type": "text_delta", "text": event.text}
            return [*self._begin_text("text"), *self._delta(event.text, delta)]
        if isinstance(event, ToolCallDelta):
            return self._add_call(event)
        if isinstance(event, Finished):
            return self._finish(event)
        return []

    def end(self) -> list[Json]:
        return []

    def fail(self, error: ApiError) -> list[Json]:
        return [render_error(error)]

    def whole(self) -> Json:
        return self.message

    def _begin_text(self, kind: Literal["thinking", "text"]) -> list[Json]:
        if self._open == kind:
            return []
        signature: Json = {"signature": ""} if kind == "thinking" else {"citations": []}
        return self._begin(kind, {"type": kind, kind: "", **signature})

    def _add_thinking(self, text: str) -> list[Json]:
        delta = {"type": "thinking_delta", "thinking": text}
        deltas = self._delta(text, delta)
        return deltas if self._show_thinking else []

    def _add_call(self, call: ToolCallDelta) -> list[Json]:
        events: list[Json] = []
        if call.id is not None:
            block = {
                "type": "tool_use",
                "id": "toolu_" + call.id.removeprefix("call_"),
                "name": call.name,
                "input": {},
                "caller": {"type": "direct"},
            }
            events = self._begin("tool_use", block)
        delta = {"type": "input_json_delta", "partial_json": call.arguments}
        return [*events, *self._delta(call.arguments, delta)]

    def _begin(self, kind: Literal["thinking", "text", "tool_use"], block: Json) -> list[Json]:
        events = self._close()
        self._open, self._text = kind, []
        self._content.append(block)
        start = {"type": "content_block_start", "index": self._index, "content_block": {**block}}
        return [*events, start]

    def _delta(self, text: str, delta: Json) -> list[Json]:
        if not text:
            return []
        self._text.append(text)
        return [{"type": "content_block_delta", "index": self._index, "delta": delta}]

    def _close(self) -> list[Json]:
        if self._open is None:
            return []
        kind, text, block = self._open, "".join(self._text), self._content[-1]
        self._open = None
        events: list[Json] = []
        if kind == "tool_use":
            block["input"] = arguments_object(text)
        elif kind == "text":
            block["text"] = text
        else:
            block["thinking"] = text if self._show_thinking else ""
            block["signature"] = seal("" if self._show_thinking else text)
            delta = {"type": "signature_delta", "signature": block["signature"]}
            events = [{"type": "content_block_delta", "index": self._index, "delta": delta}]
        return [*events, {"type": "content_block_stop", "index": self._index}]

    def _finish(self, finished: Finished) -> list[Json]:
        # Clients read `content[0].text` even if the model said nothing.
        events = [] if self._content else self._begin_text("text")
        events += self._close()
        reason = stop_reason(finished, self._max_tokens)
        end = {
            "stop_reason": reason,
            "stop_sequence": finished.stop_string if reason == "stop_sequence" else None,
            "stop_details": None,
            "container": None,
        }
        usage = usage_json(finished.usage, counts_cache=self._counts_cache)
        self.message.update(end, usage=usage)
        return [
            *events,
            {"type": "message_delta", "delta": end, "usage": usage},
            {"type": "message_stop"},
        ]

    @property
    def _index(self) -> int:
        return len(self._content) - 1
