"""Token ids of an answer -> reasoning, content and tool-call deltas, up to a stop string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..thought import ReasoningStart
from .deltas import Content, Delta, Reasoning, ToolCallDelta, merge
from .marker_reader import MarkerReader
from .reasoning import ReasoningParser
from .stop import StopMatcher
from .tokenizer import Tokenizer
from .tool_calls import AnswerDelta, ToolCallParser


class AnswerStream:
    """One answer: tokens -> text and markers -> reasoning -> tool calls -> stop strings.

    `reasoning` comes from `reasoning_start(prompt)`. Tool calls are parsed only if the `tools` on
    offer are given, and in the form of the tokenizer's chat template. Stop
    strings are matched in what a client reads as the answer: its content and each call's arguments,
    separately. They do not apply to reasoning or to the text around calls.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        reasoning: ReasoningStart = "off",
        tools: Sequence[Mapping[str, Any]] | None = None,
        stop: Sequence[str] = (),
    ) -> None:
        self._reader = MarkerReader(tokenizer)
        self._reasoning = ReasoningParser(reasoning)
        self._tools = None if tools is None else ToolCallParser(tokenizer.call_format, tools)
        self._stop = StopMatcher(stop)
        self._call: int | None = None  # stop strings are matched in these arguments

    @property
    def stopped(self) -> bool:
        """Whether a stop string has matched; nothing more will come."""
        return self._stop.matched is not None

    @property
    def stop_string(self) -> str | None:
        """The stop string that matched."""
        return self._stop.matched

    @property
    def num_tool_calls(self) -> int:
        """The number of complete calls so far."""
        return self._tools.num_calls if self._tools else 0

    @property
    def inside_call(self) -> bool:
        """Whether the answer so far ends within a tool call."""
        if self.stopped:
            return self._call is not None
        return self._tools is not None and self._tools.inside_call

    def add(self, token_id: int) -> list[Delta]:
        """Add a token and return the deltas it completes; do not add the token that ends the
        answer.
        """
        return merge(self._read(self._reader.add(token_id)))

    def finish(self, *, cut_off: bool = False) -> list[Delta]:
        """Return everything held back. Call it once, after the last token, also when `stopped`.

        `cut_off` means that a limit ended the answer, not the model. A stop string can still match
        here.
        """
        deltas = self._read(self._reader.finish())
        deltas += self._reasoning.finish()
        if self._tools:
            deltas += self._up_to_stop(self._tools.finish(cut_off=cut_off))
        deltas += self._held()
        return merge(deltas)

    def _read(self, pieces: Iterable[str]) -> list[Delta]:
        deltas: list[Delta] = []
        for piece in pieces:
            for delta in self._reasoning.feed(piece):
                if isinstance(delta, Reasoning):
                    deltas.append(delta)
                else:
                    deltas += self._up_to_stop(self._answer(delta.text))
        return deltas

    def _answer(self, piece: str) -> Sequence[AnswerDelta]:
        return self._tools.feed(piece) if self._tools else [Content(piece)]

    def _up_to_stop(self, deltas: Iterable[AnswerDelta]) -> Iterator[AnswerDelta]:
        for delta in deltas:
            if self.stopped:
                return
            call = delta.index if isinstance(delta, ToolCallDelta) else None
            if call != self._call:
                yield from self._held()
                self._call = call
            if isinstance(delta, Content):
                yield Content(self._stop.feed(delta.text))
            else:
                arguments = self._stop.feed(delta.arguments)
                if arguments or delta.id:
                    yield replace(delta, arguments=arguments)

    def _held(self) -> Iterator[AnswerDelta]:
        """Return text held back as a possible stop string, now that the text ends without one."""
        if held := self._stop.finish():
            call = self._call
            yield Content(held) if call is None else ToolCallDelta(call, None, None, held)
