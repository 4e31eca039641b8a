"""A client that disconnects frees its slot at once, whatever it is waiting for."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from qwen3mlx.events import Finished

from .live import LiveServer, live_server


def endless(server: LiveServer, *, stream: bool) -> dict[str, Any]:
    """The body of a request whose answer fills the context."""
    ends = [
        server.http.post("/tokenize", json={"prompt": token}).json()["tokens"][0]
        for token in ("<|im_end|>", "<|endoftext|>")
    ]
    return {
        "model": "demo",
        "prompt": "Once",
        "max_tokens": 4000,
        "stream": stream,
        "logit_bias": {str(token): -100 for token in ends},
    }


@contextmanager
def asking(server: LiveServer, body: dict[str, Any]) -> Iterator[socket.socket]:
    """A connection on which the request was sent; leaving closes it."""
    content = json.dumps(body).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + content)
        yield connection


@pytest.fixture
def finished(server: LiveServer) -> Iterator[list[Finished]]:
    """The answers that came to their end during the test."""
    server.wait_until_idle()
    answers: list[Finished] = []
    server.service.on_finished.append(answers.append)
    yield answers
    server.service.on_finished.remove(answers.append)


@pytest.mark.parametrize("stream", [True, False])
def test_its_slot_is_freed(server: LiveServer, finished: list[Finished], stream: bool) -> None:
    with asking(server, endless(server, stream=stream)) as connection:
        server.wait_until(lambda stats: stats.running == 1)
        if stream:
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
    server.wait_until_idle()
    assert finished == []


@pytest.mark.parametrize("stream", [True, False])
def test_one_that_waits_its_turn_leaves_the_queue(stream: bool) -> None:
    with live_server(model="demo", max_running=1) as server:
        with asking(server, endless(server, stream=True)):
            server.wait_until(lambda stats: stats.running == 1)
            with asking(server, endless(server, stream=stream)):
                server.wait_until(lambda stats: stats.waiting == 1)
            server.wait_until(lambda stats: stats.waiting == 0)
            assert server.service.engine.stats().running == 1
        server.wait_until_idle()


def test_the_connection_of_an_answer_is_used_again(server: LiveServer) -> None:
    body = endless(server, stream=False) | {"max_tokens": 2}
    with asking(server, body) as connection:
        received = b""
        while b'"usage"' not in received:
            received += connection.recv(65536)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b'{"status":"ok"}' not in received:
            more = connection.recv(65536)
            assert more, "the connection was closed"
            received += more


def test_full_is_429_with_retry_after() -> None:
    with live_server(model="demo", max_running=1, max_waiting=1) as server:
        body = endless(server, stream=True)
        with asking(server, body):
            server.wait_until(lambda stats: stats.running == 1)
            with asking(server, body):
                server.wait_until(lambda stats: stats.waiting == 1)
                answer = server.http.post("/v1/completions", json=body)
                assert answer.status_code == 429
                assert answer.headers["retry-after"] == "1"
                assert answer.json()["error"]["code"] == "overloaded"
