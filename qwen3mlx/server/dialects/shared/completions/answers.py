"""Several answers at a time, as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from .....events import Event
from .....request import GenerationRequest
from ....core.answer import Answer
from ....core.service import Service


async def start(
    service: Service, model: str, requests: Sequence[GenerationRequest], ttl: float | None
) -> list[Answer]:
    """An answer for each request, or none of them: the first error ends those begun before it."""
    answers: list[Answer] = []
    try:
        for request in requests:
            answers.append(await service.generate(model, request, ttl=ttl))
    except BaseException:
        await close(answers)
        raise
    return answers


async def close(answers: Sequence[Answer]) -> None:
    """End those that are not finished."""
    for answer in answers:
        await answer.aclose()


async def interleave(answers: Sequence[Answer]) -> AsyncGenerator[tuple[int, Event], None]:
    """The events of all answers as they come, each with the number of its answer.

    The first fault is raised. However the iteration ends, every answer is closed.
    """
    arrived: asyncio.Queue[tuple[int, Event] | BaseException | None] = asyncio.Queue()

    async def pump(index: int, answer: Answer) -> None:
        try:
            async for event in answer:
                arrived.put_nowait((index, event))
            arrived.put_nowait(None)
        except Exception as error:
            arrived.put_nowait(error)

    pumps = [asyncio.ensure_future(pump(*numbered)) for numbered in enumerate(answers)]
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
        await close(answers)
