"""Clients that are silent, stop sending or stop reading block nobody, and are dropped soon."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from qwen3mlx.server import bounds
from tests.server.live import LiveServer, live_server
from tests.server.raw import RawReply, parse

ROOT = Path(__file__).parents[2]
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
SHORT = 1.0
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
LONG = {"model": "demo", "prompt": "a", "max_tokens": 100_000, "ignore_eos": True, "stream": True}


def connect(port: int, receive_buffer: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", port))
    return connection


def rest(connection: socket.socket) -> bytes:
    """Return everything until the server closes the connection; fail if it does not."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


@contextmanager
def idle(port: int, number: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        yield [opened.enter_context(connect(port)) for _ in range(number)]


def ask(port: int, path: str, **headers: str) -> RawReply:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with connect(port) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
        connection.sendall(head.encode())
        return parse(rest(connection))


# --- how many -------------------------------------------------------------------------------------


def test_those_that_ask_nothing_make_room_for_one_that_does() -> None:
    with live_server(max_connections=20) as server, idle(server.port, 200) as silent:
        assert server.http.get("/health").json() == {"status": "ok"}
        assert server.http.post("/v1/chat/completions", json=CHAT).status_code == 200
        told = parse(rest(silent[0]))
        assert (told.status, told.header("retry-after")) == (503, "5")
        assert told.json["error"]["code"] == "too_many_connections"


def test_unfinished_heads_are_idle_too() -> None:
    with live_server(max_connections=20) as server, idle(server.port, 60) as silent:
        for connection in silent[-20:]:
            connection.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert server.http.get("/health").status_code == 200


def test_unfinished_bodies_make_room_too(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    with live_server(max_connections=20) as server, idle(server.port, 60) as slow:
        for connection in slow[-20:]:
            connection.sendall(head)
        with idle(server.port, 10):
            assert server.http.get("/v1/models").status_code == 200
            told = parse(rest(slow[-20]))
            assert (told.status, told.header("retry-after")) == (503, "5")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_websockets_are_connections_too() -> None:
    upgrade = b"GET /llm HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    upgrade += b"Connection: Upgrade\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n"
    with live_server(max_connections=20) as server, idle(server.port, 60) as open_ones:
        for connection in open_ones[-19:]:
            connection.sendall(upgrade)
        with idle(server.port, 30):
            assert server.http.get("/health").status_code == 200
        assert not goes_on(open_ones[-19], b"\x89\x80aaaa")


@contextmanager
def busy(server: LiveServer, number: int) -> Iterator[None]:
    """Request this many answers, each on its own connection."""
    with ExitStack() as opened:
        for _ in range(number):
            client = opened.enter_context(httpx.Client(base_url=server.url, timeout=30))
            opened.enter_context(client.stream("POST", "/v1/completions", json=LONG))
        yield


def test_when_all_are_busy_the_next_gets_its_dialects_error() -> None:
    with live_server(model="demo", max_connections=4) as server, busy(server, 4):
        for path, kind in [("/v1/models", "error"), ("/api/tags", "error")]:
            reply = ask(server.port, path)
            assert (reply.status, reply.header("retry-after")) == (503, "5")
            assert reply.header("connection") == "close"
            assert kind in reply.json
        reply = ask(server.port, "/v1/models", **{"anthropic-version": "2023-06-01"})
        assert reply.json["type"] == "error"
        assert ask(server.port, "/health").json == {"status": "ok"}


def test_beyond_those_that_may_ask_a_connection_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MAX_CROWDED", 0)
    with (
        live_server(model="demo", max_connections=2) as server,
        busy(server, 2),
        connect(server.port) as connection,
    ):
        assert parse(rest(connection)).status == 503


# --- how long -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty() -> Iterator[LiveServer]:
    """A server whose patience is one second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "PATIENCE", SHORT)
        patch.setattr(bounds, "LINGER", SHORT)
        with live_server(model="demo") as server:
            yield server


def trickle(connections: Sequence[socket.socket], piece: bytes) -> list[bytes]:
    """Return the server's last words to clients that send `piece` again and again."""
    said = [b""] * len(connections)
    for _ in range(100):
        for index, connection in enumerate(connections):
            connection.settimeout(0.02)
            if not said[index]:
                with suppress(TimeoutError):
                    connection.sendall(piece)
                    said[index] = connection.recv(65536)
        if all(said):
            break
    for connection in connections:
        connection.settimeout(20)
    return [text + rest(one) for text, one in zip(said, connections, strict=True)]


def test_those_that_do_not_ask(hasty: LiveServer) -> None:
    with idle(hasty.port, 3) as (never, not_again, not_whole):
        not_again.sendall(HEALTH)
        not_whole.sendall(HEALTH + HEALTH[:-2])
        assert rest(never) == b""
        assert rest(not_again).count(b"HTTP/1.1 200 ") == 1
        said = rest(not_whole)
        assert said.count(b"HTTP/1.1 200 ") == said.count(b"HTTP/1.1 408 ") == 1


def test_a_head_that_trickles(hasty: LiveServer) -> None:
    with idle(hasty.port, 1) as (slow,):
        slow.sendall(HEALTH[:-2] + b"X-Slow: ")
        (said,) = trickle([slow], b"a")
        assert parse(said).status == 408


PATHS = (
    "/v1/chat/completions",
    "/v1/messages",
    "/v1/responses",
    "/api/chat",
    "/api/v1/chat",
    "/api/qwen3mlx/tokens",
)


def test_bodies_that_trickle_are_given_up_in_the_words_of_their_dialect(hasty: LiveServer) -> None:
    with idle(hasty.port, len(PATHS)) as slow:
        for path, connection in zip(PATHS, slow, strict=True):
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n{{"
            connection.sendall(head.encode())
        for said in trickle(slow, b" "):
            reply = parse(said)
            assert (reply.status, reply.header("connection")) == (408, "close")
            assert "did not arrive" in json.dumps(reply.json["error"])


def goes_on(connection: socket.socket, piece: bytes, seconds: float = 20) -> bool:
    """Whether the server still lets the client send, having sent `piece` for so long."""
    connection.settimeout(0.1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection.sendall(piece)
            time.sleep(0.05)
        except TimeoutError:
            continue
        except OSError:
            return False
    return True


def test_an_unexpected_endless_body(hasty: LiveServer) -> None:
    with connect(hasty.port) as connection:
        connection.sendall(
            b"POST /none HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert parse(connection.recv(65536)).status == 404
        assert not goes_on(connection, b"1\r\na\r\n")


@pytest.mark.slow
def test_a_client_that_reads_nothing_of_its_stream(hasty: LiveServer) -> None:

    body = json.dumps({**LONG, "logprobs": 20, "n": 8}).encode()
    head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with connect(hasty.port, receive_buffer=4096) as connection:
        connection.sendall(head % len(body) + body)
        hasty.wait_until(lambda stats: stats.running > 0)
        hasty.wait_until(lambda stats: not stats.running and not stats.waiting, seconds=240)
        assert not rest(connection).endswith(b"0\r\n\r\n")


def test_a_client_that_reads_nothing_of_whole_replies(hasty: LiveServer) -> None:
    with connect(hasty.port, receive_buffer=4096) as connection:
        assert not goes_on(connection, HEALTH.replace(b"/health", b"/openapi.json") * 20)


def test_an_answer_may_take_longer_than_the_patience_and_so_may_its_reader(
    hasty: LiveServer,
) -> None:
    with hasty.http.stream("POST", "/v1/completions", json={**LONG, "max_tokens": 40}) as reply:
        events = reply.iter_lines()
        next(events)
        time.sleep(3 * SHORT)
        assert list(events)[-2:] == ["data: [DONE]", ""]


def test_a_body_may_take_long_if_it_keeps_arriving(hasty: LiveServer) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"prompt": "'
        for _ in range(6):
            time.sleep(SHORT / 2)
            yield b"a" * bounds.LEAST_RATE
        yield b'"}'

    assert hasty.http.post("/tokenize", content=pieces()).status_code == 200


# --- as a process ---------------------------------------------------------------------------------


@contextmanager
def serving(tmp_path: Path, limits: str) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    """`qwen3mlx serve` as a child after `ulimit`, its port, and the file with its log."""
    log = tmp_path / "log"
    words = [sys.executable, "-m", "qwen3mlx", "serve", "--port", "0"]
    with log.open("w") as stderr:
        child = subprocess.Popen(
            ["sh", "-c", f'{limits}; exec "$@"', "sh", *words],
            cwd=ROOT,
            env=os.environ | {"QWEN3MLX_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert child.stdout is not None
        with child.stdout:
            try:
                url = json.loads(child.stdout.readline())["url"]
                yield child, int(url.rpartition(":")[2]), log
            finally:
                child.kill()
                child.wait()


def ends_quietly(child: subprocess.Popen[str], log: Path) -> bool:
    child.send_signal(signal.SIGTERM)
    return child.wait(10) == 0 and log.read_text().count("\n") < 20


def test_few_descriptors_are_enough_and_the_log_stays_short(tmp_path: Path) -> None:
    with serving(tmp_path, "ulimit -n 200") as (child, port, log), idle(port, 600):
        assert ask(port, "/health").status == 200
        assert ask(port, "/v1/models").status == 200
        assert ends_quietly(child, log)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("number", [500, 2000])
def test_many_idle_connections(tmp_path: Path, number: int) -> None:
    limits = "ulimit -S -n 256"
    with serving(tmp_path, limits) as (child, port, log), idle(port, number) as silent:
        assert ask(port, "/health").status == 200
        reply = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=CHAT, timeout=30)
        assert reply.status_code == 200
        assert ask(port, "/health").status == 200
        silent[-1].sendall(HEALTH)
        assert parse(silent[-1].recv(65536)).status == 200
        assert ends_quietly(child, log)
