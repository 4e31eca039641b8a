"""Qwen3's tool calls: `<tool_call>\\n{"name": ..., "arguments": {...}}\\n</tool_call>`.

Arguments stream while they are valid JSON. A call whose name or arguments cannot be read stays
visible as content, all of it; one that breaks later keeps the pieces already handed out, and its
remainder is content. So no text is ever lost but the markers and the newlines around calls: one
before the first, and those between calls and behind the last; and the beginning of a call that is
cut off before its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

from .call_envelope import CallEnvelope
from .deltas import Content, ToolCallDelta
from .markers import partial_marker

AnswerDelta: TypeAlias = Content | ToolCallDelta

_OPEN = "<tool_call>"
_CLOSE = "</tool_call>"


class ToolCallParser:
    """Pure state machine over the answer's text, thinking left out.

    `num_calls` counts the calls whose JSON came to its end.
    """

    def __init__(self) -> None:
        self.num_calls = 0
        self._state: Callable[[list[AnswerDelta]], None] = self._text
        self._held = ""
        self._opening = ""  # the marker that opened this call, with its newline
        self._envelope = CallEnvelope()
        self._index = -1

    def feed(self, text: str) -> list[AnswerDelta]:
        """What is certain by now; the rest is held back."""
        self._held += text
        deltas: list[AnswerDelta] = []
        state = None
        while state != self._state:
            state = self._state
            state(deltas)
        return deltas

    @property
    def inside_call(self) -> bool:
        """A call has begun whose JSON has not come to its end."""
        return self._state == self._call

    def finish(self, *, cut_off: bool = False) -> list[AnswerDelta]:
        """What was held back.

        Of a call that was `cut_off`, by a limit or a stop string, what is known of it. One that the
        model left itself before its arguments showed becomes content.
        """
        held, self._held = self._held, ""
        if self.inside_call:
            if cut_off:
                return self._unfinished_call()
            held = self._opening + self._envelope.unsent
        elif self._state == self._close:  # spaces and a marker cut short, behind a complete call
            held = ""
        elif self._state == self._after:
            held = held if held.strip("\n") else ""
        return [Content(held)] if held else []

    def _unfinished_call(self) -> list[AnswerDelta]:
        """Its name, unless it was handed out already or is not complete."""
        return [self._first_delta("")] if self._opening and self._envelope.name else []

    def _text(self, deltas: list[AnswerDelta]) -> None:
        before, marker, rest = self._held.partition(_OPEN)
        if marker:
            newline = "\n" if before.endswith("\n") else ""
            before = before.removesuffix("\n")
            self._begin_call(newline + marker, rest)
        else:
            keep = partial_marker(before, ("\n" + _OPEN, _OPEN))
            before, self._held = before[: len(before) - keep], before[len(before) - keep :]
        if before:
            deltas.append(Content(before))

    def _begin_call(self, opening: str, rest: str) -> None:
        self._opening = opening
        self._held = rest
        self._envelope = CallEnvelope()
        self._state = self._call

    def _call(self, deltas: list[AnswerDelta]) -> None:
        envelope = self._envelope
        end = envelope.feed(self._held)
        self._held = self._held[end:]
        if envelope.ready:
            self._hand_out(deltas)
        if envelope.status == "complete":
            self.num_calls += 1
            self._state = self._close
        elif envelope.status == "invalid":
            if visible := self._opening + envelope.unsent:
                deltas.append(Content(visible))
            self._state = self._text

    def _hand_out(self, deltas: list[AnswerDelta]) -> None:
        arguments = self._envelope.take()
        if self._opening:
            deltas.append(self._first_delta(arguments))
        elif arguments:
            deltas.append(ToolCallDelta(self._index, None, None, arguments))

    def _first_delta(self, arguments: str) -> ToolCallDelta:
        self._opening = ""
        self._index += 1
        call_id = "call_" + os.urandom(12).hex()
        return ToolCallDelta(self._index, call_id, self._envelope.name, arguments)

    def _close(self, deltas: list[AnswerDelta]) -> None:
        rest = self._held.lstrip()
        if rest.startswith(_CLOSE):
            self._held = rest[len(_CLOSE) :]
            self._state = self._after
        elif not _CLOSE.startswith(rest):
            self._state = self._text

    def _after(self, deltas: list[AnswerDelta]) -> None:
        rest = self._held.lstrip("\n")
        if rest.startswith(_OPEN):
            newlines = self._held[: len(self._held) - len(rest)]
            self._begin_call(newlines + _OPEN, rest[len(_OPEN) :])
        elif not _OPEN.startswith(rest):
            self._state = self._text
