"""Several concurrent answers as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from .....events import Event
from .....request import GenerationRequest
from ....core.answer import Answer
from ....core.service import Service


async def start(
    service: Service, model: str, requests: Sequence[GenerationRequest], ttl: float | None
) -> list[Answer]:
    """An answer for each request, or none: the first error cancels those already started."""
    answers: list[Answer] = []
    try:
        for request in requests:
            answers.append(await service.generate(model, request, ttl=ttl))
    except BaseException:
        await close(answers)
        raise
    return answers


async def close(answers: Sequence[Answer]) -> None:
    """Cancel the answers that have not finished."""
    for answer in answers:
        await answer.aclose()


class Interleaved:
    """The events of several answers as they arrive, each with the index of its answer.

    Iterated once. Raises the first error of any answer; `aclose` cancels all of them.
    """

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers
        self._events = self._generate()

    def __aiter__(self) -> AsyncIterator[tuple[int, Event]]:
        return self._events

    async def aclose(self) -> None:
        await self._events.aclose()
        await close(self._answers)

    async def _generate(self) -> AsyncGenerator[tuple[int, Event], None]:
        if len(self._answers) == 1:  # without a task and a queue between
            async for event in self._answers[0]:
                yield 0, event
            return
        arrived: asyncio.Queue[tuple[int, Event] | BaseException | None] = asyncio.Queue()

        async def pump(index: int, answer: Answer) -> None:
            try:
                async for event in answer:
                    arrived.put_nowait((index, event))
                arrived.put_nowait(None)
            except Exception as error:
                arrived.put_nowait(error)

        pumps = [asyncio.ensure_future(pump(*numbered)) for numbered in enumerate(self._answers)]
        try:
            num_running = len(pumps)
            while num_running:
                item = await arrived.get()
                if item is None:
                    num_running -= 1
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
        finally:
            for task in pumps:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
