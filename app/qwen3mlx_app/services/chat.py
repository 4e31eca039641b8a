"""Parse the stream of a chat completion. Pure: no network, no Qt."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from ..domain import AnswerStats, CallProgress
from .server_errors import said
from .sse import Comment, Event

_PREFILL = re.compile(r"prefill (\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Prefill:
    """How many of the prompt's tokens are processed."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Reasoning:
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    text: str


@dataclass(frozen=True, slots=True)
class CallPiece:
    """A piece of tool call `index`; only the first piece has an id and name."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Counted:
    """The tokens of the answer so far."""

    completion_tokens: int
    reasoning_tokens: int


@dataclass(frozen=True, slots=True)
class Ended:
    """`finish_reason` is `stop`, `length` or `tool_calls`."""

    finish_reason: str
    stats: AnswerStats


@dataclass(frozen=True, slots=True)
class CallNews:
    """News of the tool call `id`: its progress, or else its result and how it ended.

    `status` is the server's, such as `ok`, `error` and `denied`.
    """

    id: str
    progress: CallProgress | None
    status: str = ""
    text: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server failed in mid-stream, and says why."""

    message: str


Delta = Prefill | Reasoning | Content | CallPiece | Counted | Ended | CallNews | Refused


class MalformedError(Exception):
    """The data is not a chunk of a chat completion."""


class ChatReader:
    """`is_complete` is set once the server has ended the stream.

    An answer with tools is a completion for each step, and news of the calls between them.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._reason: str | None = None
        self._timings: dict[str, Any] = {}

    def read(self, item: Event | Comment) -> list[Delta]:
        """Raises MalformedError."""
        if isinstance(item, Comment):
            known = _PREFILL.match(item.text)
            return [Prefill(int(known[1]), int(known[2]))] if known else []
        if item.data == "[DONE]":
            self.is_complete = True
            return []
        try:
            if item.name == "call":
                return [_call_news(json.loads(item.data))]
            return self._chunk(json.loads(item.data))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise MalformedError from None

    def _chunk(self, chunk: dict[str, Any]) -> list[Delta]:
        if (error := chunk.get("error")) is not None:
            return [Refused(said(str(error.get("code")), str(error["message"])))]
        deltas: list[Delta] = []
        for choice in chunk.get("choices") or ():
            deltas += _deltas(choice.get("delta") or {})
            self._reason = choice.get("finish_reason")
        self._timings = chunk.get("timings") or self._timings
        if (usage := chunk.get("usage")) is not None:
            stats = _stats(usage, self._timings)
            if self._reason is not None:
                deltas.append(Ended(self._reason, stats))
            else:
                deltas.append(Counted(stats.completion_tokens or 0, stats.reasoning_tokens or 0))
        return deltas


def _deltas(delta: dict[str, Any]) -> list[Delta]:
    deltas: list[Delta] = []
    if text := delta.get("reasoning_content"):
        deltas.append(Reasoning(_text(text)))
    if text := delta.get("content"):
        deltas.append(Content(_text(text)))
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        deltas.append(
            CallPiece(
                int(call.get("index", 0)),
                _text(call.get("id") or ""),
                _text(function.get("name") or ""),
                _text(function.get("arguments") or ""),
            )
        )
    return deltas


def _call_news(told: dict[str, Any]) -> CallNews:
    call_id, state = _text(told["id"]), told["state"]
    if state == "ended":
        status, text = _text(told["status"]), _text(told["text"])
        return CallNews(call_id, None, status, text, float(told["seconds"]))
    return CallNews(call_id, call_progress(told))


def call_progress(told: dict[str, Any]) -> CallProgress:
    """What a call does now. Raises KeyError, TypeError or ValueError on unexpected JSON."""
    total = told.get("total")
    return CallProgress(
        state="asked" if told.get("state") == "asked" else "running",
        server=_text(told["server"]),
        since=time.time(),
        done=float(told.get("done") or 0),
        total=None if total is None else float(total),
        message=_text(told.get("message") or ""),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _stats(usage: dict[str, Any], timings: dict[str, Any]) -> AnswerStats:
    ttft_ms = timings.get("ttft_ms")
    return AnswerStats(
        prompt_tokens=usage.get("prompt_tokens"),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        reasoning_tokens=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens"),
        ttft_s=None if ttft_ms is None else ttft_ms / 1000,
        tokens_per_second=timings.get("decode_tokens_per_second"),
    )
