"""Qwen3's tool calls: `<tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>`, or what
Qwen3-Coder writes between these markers (see `xml_call`).

Arguments stream while they are valid JSON. A call with an unreadable name or arguments stays
visible as content in full; one that breaks later keeps the pieces already returned, and its
remainder becomes content. So no text is lost except the markers, the newlines around calls (one
before the first, those between calls, and those after the last), and the beginning of a call that
is cut off before its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from .call_envelope import CallEnvelope
from .call_format import CallFormat
from .deltas import Content, ToolCallDelta
from .markers import END_TOOL_CALL, TOOL_CALL
from .xml_call import XmlCall, bare_call

AnswerDelta: TypeAlias = Content | ToolCallDelta


class ToolCallParser:
    """A pure state machine over the answer's pieces (see `MarkerReader`), without reasoning.

    `tools` are those on offer, OpenAI-shaped. `num_calls` counts the calls that are complete.
    """

    def __init__(
        self, call_format: CallFormat = "json", tools: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.num_calls = 0
        self._format = call_format
        self._tools = tools
        self._names = {tool.get("function", tool).get("name") for tool in tools}
        # Handles a piece; returns the part of it that the next state must handle.
        self._state: Callable[[str, list[AnswerDelta]], str] = self._text
        self._held = ""
        self._begins_line = True  # where the text that is held back begins
        self._opening = ""  # the marker that opened this call, with its newline
        self._envelope: CallEnvelope | XmlCall = CallEnvelope()
        self._is_named = False  # whether the call's name was returned
        self._index = -1

    def feed(self, piece: str) -> list[AnswerDelta]:
        """Return what is certain by now; hold back the rest."""
        deltas: list[AnswerDelta] = []
        while piece:
            piece = self._state(piece, deltas)
        return deltas

    @property
    def inside_call(self) -> bool:
        """Whether a call has begun and is incomplete."""
        return self._state == self._call

    def finish(self, *, cut_off: bool = False) -> list[AnswerDelta]:
        """Return what was held back, except blanks and a partial marker after a complete call.

        A call that was `cut_off` by a limit is returned as far as it is known. One that the model
        itself abandoned before its arguments began becomes content.
        """
        held, self._held = self._held, ""
        deltas: list[AnswerDelta] = []
        if self.inside_call:
            self._envelope.finish()
            self._proceed(deltas)
        if self.inside_call:
            if cut_off:
                return deltas + self._unfinished_call()
            held = "" if self._is_named else self._opening + self._envelope.unsent
        elif self._state != self._text:
            held = ""
        return [*deltas, Content(held)] if held else deltas

    def _unfinished_call(self) -> list[AnswerDelta]:
        """Return the call's name, unless it was already returned or is incomplete."""
        is_new = not self._is_named and bool(self._envelope.name)
        return [self._first_delta("")] if is_new else []

    def _text(self, piece: str, deltas: list[AnswerDelta]) -> str:
        """Hold back a newline, which belongs to the call if one follows, and what may begin one."""
        if piece is TOOL_CALL:
            return self._begin_call(self._new_envelope(), self._held + piece)
        text = self._held + piece
        end, is_call = self._find_bare_call(text)
        content = text[:end].removesuffix("\n")
        self._held = text[len(content) :]
        if content:
            deltas.append(Content(content))
            self._begins_line = False
        if not is_call:
            return ""
        newline = text[len(content) : end]
        return self._begin_call(self._new_envelope(bare=True), newline) + text[end:]

    def _find_bare_call(self, text: str) -> tuple[int, bool]:
        """Return where a call without its opening marker may begin, and whether it does."""
        if self._format == "json":
            return len(text), False
        start = 0 if self._begins_line else text.find("\n") + 1 or len(text)
        return bare_call(text, start, self._names)

    def _new_envelope(self, *, bare: bool = False) -> CallEnvelope | XmlCall:
        return CallEnvelope() if self._format == "json" else XmlCall(self._tools, bare=bare)

    def _begin_call(self, envelope: CallEnvelope | XmlCall, opening: str) -> str:
        self._opening, self._held = opening, ""
        self._envelope = envelope
        self._is_named = False
        self._begins_line = True
        self._state = self._call
        return ""

    def _call(self, piece: str, deltas: list[AnswerDelta]) -> str:
        """Read a call; a marker inside its arguments is plain text."""
        end = self._envelope.feed(piece)
        self._proceed(deltas)
        return piece[end:] if end else piece

    def _proceed(self, deltas: list[AnswerDelta]) -> None:
        """Return what is known of the call, and leave it if it ended."""
        envelope = self._envelope
        if envelope.ready:
            self._hand_out(deltas)
        if envelope.status == "complete":
            self.num_calls += 1
            self._state = self._close
        elif envelope.status == "invalid":
            if visible := ("" if self._is_named else self._opening) + envelope.unsent:
                deltas.append(Content(visible))
                self._begins_line = False
            self._state = self._text

    def _hand_out(self, deltas: list[AnswerDelta]) -> None:
        arguments = self._envelope.take()
        if not self._is_named:
            deltas.append(self._first_delta(arguments))
        elif arguments:
            deltas.append(ToolCallDelta(self._index, None, None, arguments))

    def _first_delta(self, arguments: str) -> ToolCallDelta:
        self._is_named = True
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
            return self._begin_call(self._new_envelope(), self._held + piece)
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
