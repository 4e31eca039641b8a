"""One answer in progress, as the event loop sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass

from ...config import SamplingParams
from ...engine import AnswerBuilder, Output
from ...events import Event, Finished, Prefill, Usage
from ...text import ToolCallDelta
from .model_info import ModelInfo


@dataclass(slots=True, eq=False)
class ToolCall:
    """`arguments` is the JSON text exactly as the model wrote it."""

    id: str
    name: str
    arguments: str


class Answer:
    """The events of one request, iterated once. `aclose` cancels the request.

    `params` includes defaults; `load_time_s` is None if the model was already in memory.
    `tool_calls` are the calls received so far.
    """

    def __init__(
        self,
        model: ModelInfo,
        prompt_ids: list[int],
        params: SamplingParams,
        load_time_s: float | None,
        builder: AnswerBuilder,
        outputs: asyncio.Queue[Output],
        on_end: Callable[[Finished | None], None],
    ) -> None:
        self.model = model
        self.prompt_ids = prompt_ids
        self.params = params
        self.load_time_s = load_time_s
        self.tool_calls: list[ToolCall] = []
        self._builder = builder
        self._outputs = outputs
        self._on_end = on_end
        self._events = self._generate()

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._builder.usage

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def aclose(self) -> None:
        await self._events.aclose()
        self._end(None)

    async def _generate(self) -> AsyncGenerator[Event, None]:
        finished: Finished | None = None
        try:
            yield Prefill(0, len(self.prompt_ids))
            while not self._builder.finished:
                for event in self._builder.add(await self._outputs.get()):
                    if isinstance(event, ToolCallDelta):
                        _add_call(self.tool_calls, event)
                    if isinstance(event, Finished):
                        finished = event
                        self._end(finished)
                    yield event
        finally:
            self._end(finished)

    def _end(self, finished: Finished | None) -> None:
        on_end, self._on_end = self._on_end, lambda _: None
        on_end(finished)


def _add_call(calls: list[ToolCall], piece: ToolCallDelta) -> None:
    if piece.index == len(calls):
        calls.append(ToolCall(piece.id or "", piece.name or "", ""))
    calls[piece.index].arguments += piece.arguments
