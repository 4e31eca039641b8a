"""Events of an answer -> the records of Ollama's streams, and the single record of a reply."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ....events import Event, Finished, TokenLogprob
from ....text import Content, Reasoning, ToolCallDelta
from ...http.errors import ApiError
from ...http.respond import JSON_LINES
from ...json_text import Json
from ...timestamps import rfc3339
from ..shared.arguments import arguments_object
from .errors import render_error

# The logprob of an impossible token: JSON has no infinity.
_IMPOSSIBLE = -9999.0


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of an answer that one record contains."""

    thinking: str = ""
    content: str = ""
    tool_calls: list[Json] = field(default_factory=list)
    logprobs: list[Json] = field(default_factory=list)


def join(pieces: Iterable[Piece]) -> Piece:
    """All pieces as one."""
    whole = list(pieces)
    return Piece(
        "".join(piece.thinking for piece in whole),
        "".join(piece.content for piece in whole),
        [call for piece in whole for call in piece.tool_calls],
        [entry for piece in whole for entry in piece.logprobs],
    )


class Pieces:
    """Turns events into pieces: text as it comes, tool calls once they are complete.

    The logprobs of all tokens, including reasoning and markers, are in the piece that follows them,
    except for the token that ends the answer; `last` is the piece of the final record.
    """

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._num_calls = 0
        self._logprobs: list[Json] = []

    def add(self, event: Event) -> Iterator[Piece]:
        if isinstance(event, TokenLogprob):
            self._logprobs.append(_logprob(event))
        elif isinstance(event, ToolCallDelta):
            if self._call is None or self._call.index != event.index:
                yield from self._end_call()
                self._call = _Call(event.index, event.id or "", event.name or "")
            self._call.arguments += event.arguments
        elif isinstance(event, Content | Reasoning | Finished):
            if isinstance(event, Finished) and _by_token(event):
                del self._logprobs[-1:]
            yield from self._end_call()
            if isinstance(event, Content):
                yield Piece(content=event.text, logprobs=self._take())
            elif isinstance(event, Reasoning):
                yield Piece(thinking=event.text, logprobs=self._take())

    def last(self) -> Piece:
        return Piece(logprobs=self._take())

    def _end_call(self) -> Iterator[Piece]:
        call, self._call = self._call, None
        if call is None:
            return
        arguments = arguments_object(call.arguments)
        function = {"index": self._num_calls, "name": call.name, "arguments": arguments}
        self._num_calls += 1
        yield Piece(tool_calls=[{"id": call.id, "function": function}], logprobs=self._take())

    def _take(self) -> list[Json]:
        taken, self._logprobs = self._logprobs, []
        return taken


def _by_token(finished: Finished) -> bool:
    """Whether a token ended the answer, not a limit or a stop string."""
    return finished.finish_reason != "length" and finished.stop_string is None


@dataclass(slots=True, eq=False)
class _Call:
    index: int
    id: str
    name: str
    arguments: str = ""


class Records:
    """The records of one answer: one by one for a stream, and `whole` at the end.

    `fields` formats a piece for the endpoint. `model` is the name that the client sent; times are
    those of time.perf_counter(); `load_s` is None if the model was already in memory.
    """

    format = JSON_LINES

    def __init__(
        self, model: str, fields: Callable[[Piece], Json], *, started: float, load_s: float | None
    ) -> None:
        self._model = model
        self._fields = fields
        self._started = started
        self._load_s = load_s
        self._pieces = Pieces()
        self._told: list[Piece] = []
        self._summary: Json = {}

    def start(self) -> Iterable[Json]:
        return ()

    def add(self, event: Event) -> list[Json]:
        """Empty for events that Ollama's streams do not have."""
        pieces = list(self._pieces.add(event))
        self._told += pieces
        records = [{**head(self._model, done=False), **self._fields(piece)} for piece in pieces]
        if isinstance(event, Finished):
            last = self._pieces.last()
            self._told.append(last)
            self._summary = summary(event, time.perf_counter() - self._started, self._load_s)
            records.append({**head(self._model, done=True), **self._fields(last), **self._summary})
        return records

    def end(self) -> Iterable[Json]:
        return ()

    def fail(self, error: ApiError) -> Iterable[Json]:
        return [render_error(error)]

    def whole(self) -> Json:
        """The single record of a finished answer that is not streamed."""
        answer = self._fields(join(self._told))
        return {**head(self._model, done=True), **answer, **self._summary}


def chat_fields(piece: Piece) -> Json:
    """`piece` as the fields of an /api/chat record."""
    message: Json = {"role": "assistant", "content": piece.content}
    if piece.thinking:
        message["thinking"] = piece.thinking
    if piece.tool_calls:
        message["tool_calls"] = piece.tool_calls
    return {"message": message, **_logprob_fields(piece)}


def generate_fields(piece: Piece) -> Json:
    """`piece` as the fields of an /api/generate record."""
    thinking = {"thinking": piece.thinking} if piece.thinking else {}
    return {"response": piece.content, **thinking, **_logprob_fields(piece)}


def head(model: str, *, done: bool) -> Json:
    """The fields that every record starts with."""
    return {"model": model, "created_at": rfc3339(), "done": done}


def summary(finished: Finished, total_s: float, load_s: float | None) -> Json:
    """The fields that only the final record has. Durations are in nanoseconds."""
    return {
        "done_reason": "length" if finished.finish_reason == "length" else "stop",
        "total_duration": nanoseconds(total_s),
        "load_duration": nanoseconds(load_s or 0),
        "prompt_eval_count": finished.usage.prompt_tokens,
        "prompt_eval_duration": nanoseconds(finished.timings.prefill_s),
        "eval_count": finished.usage.completion_tokens,
        "eval_duration": nanoseconds(finished.timings.decode_s),
    }


def nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def _logprob_fields(piece: Piece) -> Json:
    return {"logprobs": piece.logprobs} if piece.logprobs else {}


def _logprob(token: TokenLogprob) -> Json:
    top = [_entry(piece, logprob) for _, piece, logprob in token.top]
    return {**_entry(token.token, token.logprob), **({"top_logprobs": top} if top else {})}


def _entry(token: bytes, logprob: float | None) -> Json:
    return {
        "token": token.decode("utf-8", "replace"),
        "logprob": None if logprob is None else max(logprob, _IMPOSSIBLE),
        "bytes": list(token),
    }
