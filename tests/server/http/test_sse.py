"""Events on the wire, and work that ends with the connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from qwen3mlx.server.http.sse import comment, sse, streaming, while_connected
from qwen3mlx.server.json_text import json_bytes

Message = MutableMapping[str, Any]


def parse(stream: bytes) -> list[tuple[str, str]]:
    """(event, data) of each event, as the standard reads a stream."""
    events = []
    for block in stream.decode().split("\n\n")[:-1]:
        name, data = "message", []
        for line in block.split("\n"):
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)
        if data:
            events.append((name, "\n".join(data)))
    return events


def test_an_event() -> None:
    assert sse({"a": "é"}) == 'data: {"a":"é"}\n\n'.encode()
    assert sse("[DONE]") == b"data: [DONE]\n\n"
    assert sse({"a": 1}, event="ping") == b'event: ping\ndata: {"a":1}\n\n'


def test_a_comment_is_no_event() -> None:
    assert comment("prefill 1/2") == b": prefill 1/2\n\n"
    assert parse(comment("a\n\ndata: b") + sse("c")) == [("message", "c")]


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_any_object_arrives_as_it_is(value: dict[str, Any]) -> None:
    ((_, data),) = parse(sse(value))
    assert json.loads(data) == value


@given(st.lists(st.text(st.characters(exclude_categories=["Zl", "Zp", "Cc", "Cs"])), min_size=1))
def test_lines_of_a_text_arrive_as_they_are(lines: list[str]) -> None:
    ((name, data),) = parse(sse("\n".join(lines), event="note"))
    assert (name, data.split("\n")) == ("note", "\n".join(lines).splitlines() or [""])


@given(st.text())
def test_json_is_one_line_for_everyone(text: str) -> None:
    """`splitlines` cuts at more characters than JSON escapes: U+0085, U+2028 and U+2029."""
    sent = json_bytes({"a": f"\x85\u2028{text}\u2029"})
    assert sent.decode().splitlines() == [sent.decode()]
    assert json.loads(sent) == {"a": f"\x85\u2028{text}\u2029"}


def test_half_a_surrogate_pair_can_be_sent() -> None:
    assert json_bytes({"a": "b\ud800"}) == b'{"a":"b?"}'


class Client:
    """The ASGI messages of a client that disconnects when `leave` is called."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self.sent = b""

    def leave(self) -> None:
        self._gone.set()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent += message.get("body", b"")

    @property
    def request(self) -> Request:
        return Request({"type": "http"}, self.receive, self.send)


def run(test: Callable[[Client], Awaitable[None]]) -> None:
    async def with_client() -> None:
        await asyncio.wait_for(test(Client()), 10)

    asyncio.run(with_client())


class Source:
    """Sends `first` and then nothing, for ever; remembers that it was closed."""

    def __init__(self, *first: bytes) -> None:
        self.first = first
        self.closed = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            for chunk in self.first:
                yield chunk
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # closing may take its time
            self.closed = True


@pytest.mark.parametrize("first", [(), (b"a", b"b")])
def test_a_silent_stream_is_closed_when_the_client_goes(first: tuple[bytes, ...]) -> None:
    async def test(client: Client) -> None:
        source = Source(*first)
        response = streaming(client.request, source.chunks())
        asyncio.get_running_loop().call_later(0.01, client.leave)
        await response({"type": "http"}, client.receive, client.send)
        assert source.closed
        assert client.sent == b"".join(first)

    run(test)


def test_a_stream_is_closed_when_the_server_cancels_it() -> None:
    async def test(client: Client) -> None:
        source = Source(b"a")
        response = streaming(client.request, source.chunks())
        task = asyncio.create_task(response({"type": "http"}, client.receive, client.send))
        while not client.sent:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert source.closed

    run(test)


def test_work_goes_on_while_the_client_is_there() -> None:
    async def test(client: Client) -> None:
        assert await while_connected(client.request, asyncio.sleep(0.01, "done")) == "done"

    run(test)


def test_an_error_of_the_work_is_its_own() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def test(client: Client) -> None:
        with pytest.raises(ZeroDivisionError):
            await while_connected(client.request, fail())

    run(test)


def test_work_is_cancelled_when_the_client_goes() -> None:
    async def test(client: Client) -> None:
        cancelled = []

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                cancelled.append(True)

        asyncio.get_running_loop().call_later(0.01, client.leave)
        with pytest.raises(ClientDisconnect):
            await while_connected(client.request, work())
        assert cancelled

    run(test)
