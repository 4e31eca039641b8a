"""Split an answer's text into reasoning and content as it arrives.

Throughout the project, "thinking" is the setting (`enable_thinking`, `thinking_budget`), and
"reasoning" is what the model writes because of it (`reasoning_content`, `reasoning_tokens`).
"""

from __future__ import annotations

from ..thought import ReasoningStart, Thought
from .deltas import Content, Reasoning, TextDelta
from .markers import END_THINK, THINK, Marker

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
    """Splits pieces at the markers of the thought, and strips the newlines that templates put
    around these: one after `<think>`, one before `</think>`, up to two after it.

    Everything else is returned.
    """

    def __init__(self, start: ReasoningStart) -> None:
        self._thought: Thought[Marker] = Thought(start, THINK, END_THINK)
        self._held = ""  # the newline that currently ends the thought
        self._num_newlines = 0  # still to be stripped after a marker

    def feed(self, piece: str) -> list[TextDelta]:
        """Return what is certain by now, from pieces as `MarkerReader` returns them.

        A marker that is out of place is content, and stays a marker.
        """
        is_marker = self._thought.observe(piece if isinstance(piece, Marker) else None)
        is_inside = self._thought.is_inside
        if is_marker:
            self._held = ""
            self._num_newlines = 1 if is_inside else 2
            return []
        while self._num_newlines and piece.startswith("\n"):
            piece = piece[1:]
            self._num_newlines -= 1
        if not piece:
            return []
        self._num_newlines = 0
        return self._think(piece) if is_inside else [Content(piece)]

    def finish(self) -> list[TextDelta]:
        """Return what was held back; a thought that was never closed stays reasoning."""
        held, self._held = self._held, ""
        return [Reasoning(held)] if held else []

    def _think(self, piece: str) -> list[TextDelta]:
        text = self._held + piece
        self._held = "\n" if text.endswith("\n") else ""
        thought = text.removesuffix("\n")
        return [Reasoning(thought)] if thought else []
