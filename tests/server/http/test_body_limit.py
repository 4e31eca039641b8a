"""Bodies that are too large, and what clients hear of the queue."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections import Counter
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from qwen3mlx.server.http.body_limit import BodyLimit
from qwen3mlx.server.settings import MEGABYTE

from ..live import LiveServer, live_server

LIMIT = 1000


@pytest.fixture(scope="module")
def small() -> Iterator[LiveServer]:
    with live_server(max_body_bytes=LIMIT) as running:
        yield running


def body_of(num_bytes: int) -> bytes:
    return json.dumps({"prompt": "a" * (num_bytes - len('{"prompt": ""}'))}).encode()


def in_pieces(body: bytes) -> Iterator[bytes]:
    """Sent in chunks: without Content-Length."""
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("chunked", [False, True])
def test_the_limit_is_exact(small: LiveServer, chunked: bool) -> None:
    for num_bytes, status in [(LIMIT, 200), (LIMIT + 1, 413)]:
        body = body_of(num_bytes)
        content = in_pieces(body) if chunked else body
        answer = small.http.post("/tokenize", content=content)
        assert answer.status_code == status
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_client_that_sends_all_first_sees_the_answer() -> None:
    with live_server(max_body_bytes=4 * MEGABYTE) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        # More than the sockets of both sides hold.
        connection.request("POST", "/tokenize", body=body_of(15 * MEGABYTE))
        assert connection.getresponse().status == 413
        connection.close()


def test_a_body_that_is_announced_too_large_is_not_waited_for(small: LiveServer) -> None:
    head = f"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LIMIT + 1}\r\n"
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as client:
        client.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_many_bodies_take_turns() -> None:
    """Otherwise one round of the event loop reads from all of them, and nothing else runs."""
    rounds: Counter[int] = Counter()
    now = 0

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

    async def send_one() -> None:
        pieces = [True] * 5 + [False]

        async def receive() -> Message:
            if len(pieces) < 6:
                rounds[now] += 1
            return {"type": "http.request", "body": b"a", "more_body": pieces.pop(0)}

        scope = {"type": "http", "headers": []}
        await limit(scope, receive, ignore)

    async def ignore(message: Message) -> None:
        pass

    async def count() -> None:
        nonlocal now
        while True:
            now += 1
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        clock = asyncio.create_task(count())
        await asyncio.gather(*(send_one() for _ in range(20)))
        clock.cancel()

    limit = BodyLimit(read, 1000)
    asyncio.run(all_of_them())
    assert sum(rounds.values()) == 20 * 5
    assert max(rounds.values()) == 1


def test_the_dialect_of_the_path_writes_the_error(small: LiveServer) -> None:
    answer = small.http.post("/v1/messages", content=body_of(LIMIT + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "request_too_large"


def test_the_default_takes_long_conversations(server: LiveServer) -> None:
    messages = [{"role": "user", "content": "a b " * 500_000}]
    body = {"model": "no-such-model", "messages": messages}
    answer = server.http.post("/v1/chat/completions", json=body)
    assert answer.json()["error"]["code"] == "model_not_found"


def test_clients_hear_how_long_the_queue_may_be(server: LiveServer) -> None:
    body = {"model": "demo", "prompt": "a", "max_tokens": 200, "stream": True}
    names = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests")
    server.wait_until_idle()
    with server.http.stream("POST", "/v1/completions", json=body) as answer:
        limit, remaining = (int(answer.headers[name]) for name in names)
    config = server.service.engine.config
    assert limit == config.max_running + config.max_waiting
    assert remaining == limit - 1
    assert not set(names) & set(server.http.get("/v1/models").headers)
