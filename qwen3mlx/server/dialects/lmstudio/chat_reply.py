"""Events of an answer -> the named events of a v1 chat, and its result."""

from __future__ import annotations

import os

from ....events import Finished, Prefill
from ....text import Content, Reasoning
from ...core.agent import AgentEvent, CallBegun, CallEnded
from ...http.errors import ApiError
from ...json_text import Json
from .errors import render_error
from .integrations import called, metadata_of, output_of, without

_PHASES = {Prefill: "prompt_processing", Reasoning: "reasoning", Content: "message"}


class ChatReply:
    """The events of one reply: `start`, `add` and `fail`, `end`. `result` is the same as an object.

    `load_time_s` is None if the model was already in memory. A failed reply has the output so far,
    zeros for unknown statistics, and no id, as it cannot be continued.
    """

    def __init__(self, model_id: str, *, stored: bool) -> None:
        self.load_time_s: float | None = None
        self._model_id = model_id
        self._id = f"resp_{os.urandom(24).hex()}" if stored else None
        self._phase: str | None = None
        self._output: list[Json] = []
        self._finished: Finished | None = None

    @property
    def response_id(self) -> str | None:
        """None until the answer is complete, and if it is not stored."""
        return self._id if self._finished else None

    @property
    def message(self) -> Json:
        """The answer as a message of the conversation."""
        reasoning = self._text("reasoning")
        thoughts = {"reasoning_content": reasoning} if reasoning else {}
        return {"role": "assistant", "content": self._text("message"), **thoughts}

    @property
    def result(self) -> Json:
        response_id = {"response_id": self.response_id} if self.response_id else {}
        return {
            "model_instance_id": self._model_id,
            "output": self._output,
            "stats": self._stats(),
            **response_id,
        }

    def start(self) -> Json:
        return {"type": "chat.start", "model_instance_id": self._model_id}

    def add(self, event: AgentEvent) -> list[Json]:
        """The messages for this event."""
        if isinstance(event, CallBegun | CallEnded):
            return [*self._enter(None), *self._call(event)]
        if isinstance(event, Finished):
            self._finished = event
            return self._enter(None)
        phase = _PHASES.get(type(event))
        if phase is None:
            return []
        told = self._enter(phase)
        if isinstance(event, Prefill):
            progress = event.done / event.total if event.total else 1.0
            return [*told, {"type": f"{phase}.progress", "progress": progress}]
        if isinstance(event, Reasoning | Content):
            self._output[-1]["content"] += event.text
            told.append({"type": f"{phase}.delta", "content": event.text})
        return told

    def fail(self, error: ApiError) -> list[Json]:
        return [*self._enter(None), {"type": "error", **render_error(error)}]

    def end(self) -> Json:
        return {"type": "chat.end", "result": self.result}

    def _enter(self, phase: str | None) -> list[Json]:
        """The end of the current phase and the start of `phase`; None if none follows."""
        before, self._phase = self._phase, phase
        if before == phase:
            return []
        ended = [{"type": f"{before}.end"}] if before else []
        if phase is None:
            return ended
        if phase != "prompt_processing":
            self._output.append({"type": phase, "content": ""})
        return [*ended, {"type": f"{phase}.start"}]

    def _call(self, event: CallBegun | CallEnded) -> list[Json]:
        """LM Studio has a failure for calls that were not made, and success for all others."""
        call = event.call
        if isinstance(event, CallBegun):
            if call.tool is None or (call.outcome and call.outcome.status == "invalid"):
                return []
            about = called(call)
            return [
                {"type": "tool_call.start", **without(about, "arguments")},
                {"type": "tool_call.arguments", **about},
            ]
        assert call.outcome is not None
        if call.outcome.status in ("ok", "error"):
            made = {**called(call), "output": output_of(call.outcome.text)}
            self._output.append({"type": "tool_call", **made})
            return [{"type": "tool_call.success", **made}]
        failed = {"reason": call.outcome.text, "metadata": metadata_of(call)}
        self._output.append({"type": "invalid_tool_call", **failed})
        return [{"type": "tool_call.failure", **failed}]

    def _text(self, kind: str) -> str:
        return "".join(item["content"] for item in self._output if item["type"] == kind)

    def _stats(self) -> Json:
        stats: Json = {
            "input_tokens": 0,
            "total_output_tokens": 0,
            "reasoning_output_tokens": 0,
            "tokens_per_second": 0.0,
            "time_to_first_token_seconds": 0.0,
        }
        if self._finished is not None:
            usage, timings = self._finished.usage, self._finished.timings
            stats = {
                "input_tokens": usage.prompt_tokens,
                "total_output_tokens": usage.completion_tokens,
                "reasoning_output_tokens": usage.reasoning_tokens,
                "tokens_per_second": timings.decode_tps,
                "time_to_first_token_seconds": timings.ttft_s,
            }
        if self.load_time_s is not None:
            stats["model_load_time_seconds"] = self.load_time_s
        return stats
