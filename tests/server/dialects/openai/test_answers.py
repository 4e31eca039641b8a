"""Several answers as one: none keeps running, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from qwen3mlx.errors import OverloadedError
from qwen3mlx.events import Event
from qwen3mlx.request import GenerationRequest
from qwen3mlx.server.dialects.shared.completions.answers import Interleaved, start
from qwen3mlx.text import Content


class FakeAnswer:
    """Yields its texts, then its fault, or waits forever if `endless`."""

    def __init__(self, *texts: str, fault: Exception | None = None, endless: bool = False) -> None:
        self._texts, self._fault, self._endless = texts, fault, endless
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[Event]:
        for text in self._texts:
            await asyncio.sleep(0)
            yield Content(text)
        if self._fault:
            raise self._fault
        if self._endless:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.closed = True


class FakeService:
    """Takes `room` requests."""

    def __init__(self, room: int) -> None:
        self.answers = [FakeAnswer(endless=True) for _ in range(room)]
        self._free = iter(self.answers)

    async def generate(self, name: str, request: Any, *, ttl: float | None) -> FakeAnswer:
        answer = next(self._free, None)
        if answer is None:
            raise OverloadedError("full")
        return answer


async def collect(answers: list[Any]) -> list[tuple[int, str]]:
    async with aclosing(Interleaved(answers)) as events:
        return [(index, event.text) async for index, event in events if isinstance(event, Content)]


def test_each_answer_keeps_its_order() -> None:
    answers = [FakeAnswer("a", "b"), FakeAnswer(), FakeAnswer("c")]
    got = asyncio.run(collect(answers))
    assert [text for index, text in got if index == 0] == ["a", "b"]
    assert sorted(got) == [(0, "a"), (0, "b"), (2, "c")]
    assert all(answer.closed for answer in answers)


def test_a_fault_of_one_ends_all() -> None:
    answers = [FakeAnswer("a", endless=True), FakeAnswer(fault=ValueError("broken"))]
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(collect(answers))
    assert all(answer.closed for answer in answers)


def test_leaving_early_ends_all() -> None:
    answers: list[Any] = [FakeAnswer("a", endless=True), FakeAnswer(endless=True)]

    async def leave() -> None:
        async with aclosing(Interleaved(answers)) as events:
            async for _ in events:
                return

    asyncio.run(leave())
    assert all(answer.closed for answer in answers)


def test_answers_that_were_never_iterated_are_closed_too() -> None:
    answers: list[Any] = [FakeAnswer(endless=True), FakeAnswer(endless=True)]

    async def close() -> None:
        async with aclosing(Interleaved(answers)):
            pass

    asyncio.run(close())
    assert all(answer.closed for answer in answers)


def test_all_are_started_or_none() -> None:
    requests = [GenerationRequest(prompt="x")] * 3
    service: Any = FakeService(room=2)
    with pytest.raises(OverloadedError):
        asyncio.run(start(service, "demo", requests, None))
    assert all(answer.closed for answer in service.answers)
