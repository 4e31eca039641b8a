"""An answer's text -> its thinking and its content, split while it arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from .deltas import Content, Reasoning, TextDelta
from .markers import partial_marker

ReasoningStart = Literal["auto", "inside", "off"]

_State: TypeAlias = Callable[[list[TextDelta]], None]

_OPEN = "<think>"
_CLOSE = "</think>"
_ASSISTANT = "<|im_start|>assistant\n"


def reasoning_start(prompt: str) -> ReasoningStart:
    """Where the answer to a rendered `prompt` begins: inside thinking, past it, or free to think.

    Looks at what the prompt already holds of the assistant's turn: nothing in Qwen3's own template,
    `<think>` in Thinking-2507's, an empty thought when thinking is off, or the start of an answer.
    """
    turn = prompt.rfind(_ASSISTANT)
    begun = prompt[turn + len(_ASSISTANT) :] if turn >= 0 else ""
    if turn < 0 or "<|im_end|>" in begun:
        begun = prompt if prompt.rstrip("\n").endswith((_OPEN, _CLOSE)) else ""
    if begun.rfind(_OPEN) > begun.rfind(_CLOSE):
        return "inside"
    return "off" if begun else "auto"


class ReasoningParser:
    """The newlines that templates put around the markers are not content: one after `<think>`, one
    before `</think>`, up to two after it. Everything else comes out again.

    `<think>` opens only at the very start, and the first `</think>` after it closes for good.
    """

    def __init__(self, start: ReasoningStart) -> None:
        states: dict[ReasoningStart, _State] = {
            "auto": self._at_start,
            "inside": self._thinking,
            "off": self._answer,
        }
        self._state = states[start]
        self._held = ""
        self._newlines = 2

    def feed(self, text: str) -> list[TextDelta]:
        """What is certain by now; the rest is held back."""
        self._held += text
        deltas: list[TextDelta] = []
        state = None
        while state != self._state:
            state = self._state
            state(deltas)
        return deltas

    def finish(self) -> list[TextDelta]:
        """What was held back: a thought that never closed stays a thought."""
        held, self._held = self._held, ""
        kind = Reasoning if self._state == self._thinking else Content
        return [kind(held)] if held else []

    def _at_start(self, deltas: list[TextDelta]) -> None:
        if self._held.startswith(_OPEN):
            self._held = self._held[len(_OPEN) :]
            self._state = self._opened
        elif not _OPEN.startswith(self._held):
            self._state = self._answer

    def _opened(self, deltas: list[TextDelta]) -> None:
        if self._held:
            self._held = self._held.removeprefix("\n")
            self._state = self._thinking

    def _thinking(self, deltas: list[TextDelta]) -> None:
        thought, marker, rest = self._held.partition(_CLOSE)
        if marker:
            thought = thought.removesuffix("\n")
            self._state = self._closed
        else:
            keep = partial_marker(thought, ("\n" + _CLOSE, _CLOSE))
            thought, rest = thought[: len(thought) - keep], thought[len(thought) - keep :]
        if thought:
            deltas.append(Reasoning(thought))
        self._held = rest

    def _closed(self, deltas: list[TextDelta]) -> None:
        while self._newlines and self._held.startswith("\n"):
            self._held = self._held[1:]
            self._newlines -= 1
        if self._held:
            self._state = self._answer

    def _answer(self, deltas: list[TextDelta]) -> None:
        if self._held:
            deltas.append(Content(self._held))
        self._held = ""
