"""Token ids of an answer -> reasoning, content and tool-call deltas, up to a stop string."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .deltas import Content, Delta, TextDelta, merge
from .reasoning import ReasoningParser, ReasoningStart
from .stop import StopMatcher
from .tokenizer import Tokenizer
from .tool_calls import ToolCallParser


class AnswerStream:
    """One answer: tokens -> text -> thinking set apart -> stop strings -> tool calls.

    `reasoning` comes from `reasoning_start(prompt)`. Stop strings act on the answer as the model
    writes it, tool calls included, not inside thinking. Tool calls are parsed only when asked for.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        reasoning: ReasoningStart = "off",
        parse_tools: bool = False,
        stop: Sequence[str] = (),
    ) -> None:
        self._detokenizer = tokenizer.detokenizer()
        self._reasoning = ReasoningParser(reasoning)
        self._stop = StopMatcher(stop)
        self._tools = ToolCallParser() if parse_tools else None

    @property
    def stopped(self) -> bool:
        """A stop string has matched: nothing more will come but what `finish` flushes."""
        return self._stop.matched is not None

    @property
    def stop_string(self) -> str | None:
        """The one that matched."""
        return self._stop.matched

    @property
    def num_tool_calls(self) -> int:
        """Complete calls so far."""
        return self._tools.num_calls if self._tools else 0

    @property
    def inside_call(self) -> bool:
        """The answer so far ends within a tool call."""
        return self._tools is not None and self._tools.inside_call

    def add(self, token_id: int) -> list[Delta]:
        """The deltas this token completes; the token that ends the answer is not added."""
        return merge(self._split(self._reasoning.feed(self._detokenizer.add(token_id))))

    def finish(self, *, cut_off: bool = False) -> list[Delta]:
        """Everything still held back. Call it once, after the last token, also when `stopped`.

        `cut_off`: a limit ended the answer, not the model.
        """
        deltas = self._split(self._reasoning.feed(self._detokenizer.finish()))
        deltas += self._split(self._reasoning.finish())
        deltas += self._answer(self._stop.finish())
        if self._tools:
            deltas += self._tools.finish(cut_off=cut_off or self.stopped)
        return merge(deltas)

    def _split(self, texts: Iterable[TextDelta]) -> list[Delta]:
        deltas: list[Delta] = []
        for delta in texts:
            if isinstance(delta, Content):
                deltas += self._answer(self._stop.feed(delta.text))
            else:
                deltas.append(delta)
        return deltas

    def _answer(self, text: str) -> list[Delta]:
        return [*self._tools.feed(text)] if self._tools else [Content(text)]
