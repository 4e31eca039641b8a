"""Split an answer's text into reasoning and content as it arrives.

Throughout the project, "thinking" is the setting (`enable_thinking`, `thinking_budget`), and
"reasoning" is what the model writes because of it (`reasoning_content`, `reasoning_tokens`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from .deltas import Content, Reasoning, TextDelta
from .markers import END_THINK, THINK, Marker

ReasoningStart = Literal["auto", "inside", "off"]

_State: TypeAlias = Callable[[str], list[TextDelta]]

# How a template begins an answer.
ASSISTANT = "<|im_start|>assistant\n"
# How Qwen3's own template continues when thinking is off.
NO_THOUGHTS = f"{THINK}\n\n{END_THINK}\n\n"


def reasoning_start(prompt: str) -> ReasoningStart:
    """Return where the answer to a rendered `prompt` begins: in a thought, after it, or before one.

    Looks at what the prompt already holds of the assistant's turn: nothing in Qwen3's own template,
    `<think>` in Thinking-2507's, an empty thought when thinking is off, or the start of an answer.
    """
    turn = prompt.rfind(ASSISTANT)
    begun = prompt[turn + len(ASSISTANT) :] if turn >= 0 else ""
    if turn < 0 or "<|im_end|>" in begun:
        begun = prompt if prompt.rstrip("\n").endswith((THINK, END_THINK)) else ""
    if begun.rfind(THINK) > begun.rfind(END_THINK):
        return "inside"
    return "off" if begun else "auto"


class ReasoningParser:
    """Strips the newlines that templates put around the markers: one after `<think>`, one before
    `</think>`, up to two after it. Everything else is returned.

    `<think>` opens only at the very start, and the first `</think>` after it closes for good.
    """

    def __init__(self, start: ReasoningStart) -> None:
        states: dict[ReasoningStart, _State] = {
            "auto": self._at_start,
            "inside": self._thinking,
            "off": self._answer,
        }
        self._state = states[start]
        self._held = ""  # the newline that currently ends the thought
        self._newlines = 2

    def feed(self, piece: str) -> list[TextDelta]:
        """Return what is certain by now, from pieces as `MarkerReader` returns them.

        A marker that is out of place is content, and stays a marker.
        """
        return self._state(piece)

    def finish(self) -> list[TextDelta]:
        """Return what was held back; a thought that was never closed stays reasoning."""
        held, self._held = self._held, ""
        return [Reasoning(held)] if held else []

    def _at_start(self, piece: str) -> list[TextDelta]:
        if piece is THINK:
            self._state = self._opened
            return []
        self._state = self._answer
        return self._answer(piece)

    def _opened(self, piece: str) -> list[TextDelta]:
        self._state = self._thinking
        return self._thinking(piece if isinstance(piece, Marker) else piece.removeprefix("\n"))

    def _thinking(self, piece: str) -> list[TextDelta]:
        if piece is END_THINK:
            self._held = ""
            self._state = self._closed
            return []
        text = self._held + piece
        self._held = "\n" if text.endswith("\n") else ""
        thought = text.removesuffix("\n")
        return [Reasoning(thought)] if thought else []

    def _closed(self, piece: str) -> list[TextDelta]:
        while self._newlines and piece.startswith("\n"):
            piece = piece[1:]
            self._newlines -= 1
        if not piece:
            return []
        self._state = self._answer
        return self._answer(piece)

    def _answer(self, piece: str) -> list[TextDelta]:
        return [Content(piece)]
