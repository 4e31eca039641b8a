"""Qwen3's tool calls: `<tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>`.

Arguments stream while they are valid JSON. A call with an unreadable name or arguments stays
visible as content in full; one that breaks later keeps the pieces already returned, and its
remainder becomes content. So no text is lost except the markers, the newlines around calls (one
before the first, those between calls, and those after the last), and the beginning of a call that
is cut off before its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

from .call_envelope import CallEnvelope
from .deltas import Content, ToolCallDelta
from .markers import END_TOOL_CALL, TOOL_CALL

AnswerDelta: TypeAlias = Content | ToolCallDelta


class ToolCallParser:
    """A pure state machine over the answer's pieces (see `MarkerReader`), without reasoning.

    `num_calls` counts the calls whose JSON is complete.
    """

    def __init__(self) -> None:
        self.num_calls = 0
        # Handles a piece; returns the part of it that the next state must handle.
        self._state: Callable[[str, list[AnswerDelta]], str] = self._text
        self._held = ""
        self._opening = ""  # the marker that opened this call, with its newline
        self._envelope = CallEnvelope()
        self._index = -1

    def feed(self, piece: str) -> list[AnswerDelta]:
        """Return what is certain by now; hold back the rest."""
        deltas: list[AnswerDelta] = []
        while piece:
            piece = self._state(piece, deltas)
        return deltas

    @property
    def inside_call(self) -> bool:
        """Whether a call has begun and its JSON is incomplete."""
        return self._state == self._call

    def finish(self, *, cut_off: bool = False) -> list[AnswerDelta]:
        """Return what was held back, except blanks and a partial marker after a complete call.

        A call that was `cut_off` by a limit is returned as far as it is known. One that the model
        itself abandoned before its arguments began becomes content.
        """
        held, self._held = self._held, ""
        if self.inside_call:
            if cut_off:
                return self._unfinished_call()
            held = self._opening + self._envelope.unsent
        elif self._state != self._text:
            held = ""
        return [Content(held)] if held else []

    def _unfinished_call(self) -> list[AnswerDelta]:
        """Return the call's name, unless it was already returned or is incomplete."""
        return [self._first_delta("")] if self._opening and self._envelope.name else []

    def _text(self, piece: str, deltas: list[AnswerDelta]) -> str:
        """Hold back a newline, which belongs to the marker if one follows."""
        if piece is TOOL_CALL:
            return self._begin_call(piece)
        text = self._held + piece
        self._held = "\n" if text.endswith("\n") else ""
        if content := text.removesuffix("\n"):
            deltas.append(Content(content))
        return ""

    def _begin_call(self, marker: str) -> str:
        self._opening, self._held = self._held + marker, ""
        self._envelope = CallEnvelope()
        self._state = self._call
        return ""

    def _call(self, piece: str, deltas: list[AnswerDelta]) -> str:
        """Read a call; a marker inside its JSON is plain text."""
        envelope = self._envelope
        end = envelope.feed(piece)
        if envelope.ready:
            self._hand_out(deltas)
        if envelope.status == "complete":
            self.num_calls += 1
            self._state = self._close
        elif envelope.status == "invalid":
            if visible := self._opening + envelope.unsent:
                deltas.append(Content(visible))
            self._state = self._text
        return piece[end:] if end else piece

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

    def _close(self, piece: str, deltas: list[AnswerDelta]) -> str:
        if piece is END_TOOL_CALL:
            self._held = ""
            self._state = self._after
            return ""
        if piece is not TOOL_CALL and END_TOOL_CALL.startswith((self._held + piece).lstrip()):
            self._held += piece
            return ""
        return self._leave(piece, deltas)

    def _after(self, piece: str, deltas: list[AnswerDelta]) -> str:
        if piece is TOOL_CALL:
            return self._begin_call(piece)
        if not piece.strip("\n"):
            self._held += piece
            return ""
        return self._leave(piece, deltas)

    def _leave(self, piece: str, deltas: list[AnswerDelta]) -> str:
        """Treat what was held back after a call as text."""
        self._state = self._text
        held, self._held = self._held, ""
        if held:
            self._text(held, deltas)
        return piece
