"""An unread log and a full disk cause one line each, and work continues."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.server.http import logs
from qwen3mlx.server.http.logs import LogHandler

ROOT = Path(__file__).parents[2]
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
# The user's key, which opens every path.
KEY = "of-the-person"
# More lines than a pipe holds.
MANY = 2000


@contextmanager
def serving(home: Path, limits: str = ":") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`qwen3mlx serve` as a child after `ulimit`, with its log in a pipe; and its URL."""
    words = [sys.executable, "-m", "qwen3mlx", "serve", "--port", "0"]
    child = subprocess.Popen(
        ["sh", "-c", f'{limits}; exec "$@"', "sh", *words],
        cwd=ROOT,
        env=os.environ | {"QWEN3MLX_HOME": str(home), "QWEN3MLX_PARENT_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    with child.stdout, child.stderr:
        try:
            yield child, json.loads(child.stdout.readline())["url"]
        finally:
            child.kill()
            child.wait()


def ask_many(url: str, number: int) -> int:
    """Return how many of these requests were answered."""
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n" * (number - 1))
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received.count(b"HTTP/1.1 200 ")


def test_an_unread_log(tmp_path: Path) -> None:
    with serving(tmp_path) as (child, url):
        assert child.stderr is not None
        assert ask_many(url, MANY) == MANY
        os.set_blocking(child.stderr.fileno(), False)
        kept = child.stderr.read()
        assert 0 < kept.count(b"\n") < MANY
        assert ask_many(url, 1) == 1
        rest = b""
        while b"GET /ping 200" not in rest.partition(b"lines were dropped")[2]:
            rest += child.stderr.read() or b""
            time.sleep(0.01)
        missing, last = rest.strip().splitlines()[-2:]
        number = int(missing.decode().strip("(").split()[0])
        assert b"lines were dropped" in missing
        assert number + kept.count(b"\n") >= MANY
        assert b"GET /ping 200" in last
        child.stderr.close()  # and now its reader has gone
        assert ask_many(url, 100) == 100
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0


# A verb does not wait for readers of its notes either.
VERBS = (["run", "demo", "hi", "--max-tokens", "2"], ["list"], ["walk"])


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
def test_a_verb_with_unread_notes(tmp_path: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while os.write(writer, bytes(4096)):
            pass
    os.set_blocking(writer, True)
    done = subprocess.run(
        [sys.executable, "-m", "qwen3mlx", *words],
        cwd=ROOT,
        env=os.environ | {"QWEN3MLX_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=writer,
        timeout=60,
        check=False,
    )
    os.close(writer)
    os.close(reader)
    assert done.returncode == (2 if words == ["walk"] else 0)


# Requests that save something.
SAVING: dict[str, tuple[str, str, dict[str, Any]]] = {
    "settings": ("PATCH", "/api/qwen3mlx/settings", {"ttl": 60}),
    "model settings": ("PUT", "/api/qwen3mlx/models/settings", {"model": "demo", "ttl": 60}),
    "key": ("POST", "/api/qwen3mlx/keys", {"name": "one"}),
    "folder": ("POST", "/api/qwen3mlx/folders", {"path": "/"}),
}


def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}")
    (tmp_path / "models.json").write_text('{"demo": {"ttl": 100}}')
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(tmp_path, "ulimit -f 0") as (child, url),
        httpx.Client(base_url=url, headers=headers, timeout=30) as http,
    ):
        assert child.stderr is not None
        for method, path, body in SAVING.values():
            reply = http.request(method, path, json=body)
            assert reply.status_code == 507, reply.text
            assert "Nothing can be saved" in reply.json()["error"]["message"]
            assert reply.json()["error"]["code"] == "not_saved"
        load = {"model": "demo", "context_length": 2048}
        loaded = http.post("/api/v1/models/load", json=load)
        assert loaded.status_code == 200, loaded.text
        assert "could not be saved" in loaded.headers["X-Qwen3MLX-Warning"]
        assert http.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert http.get("/api/qwen3mlx/status").json()["models"][0]["id"] == "demo"
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
        assert b"Traceback" not in child.stderr.read()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.usefixtures("caplog")
def test_the_same_fault_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(LogHandler(stream))

    def fail() -> None:
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logger.exception("It failed")

    for _ in range(100):
        logger.error("No descriptor for %d", 1)
        logger.error("No descriptor for %d", 2)
        fail()
        logger.info("GET /ping")
    lines = stream.getvalue().splitlines()
    assert [line for line in lines if line.startswith("No desc")] == [
        "No descriptor for 1",
        "No descriptor for 2",
    ]
    assert lines.count("It failed") == 1
    assert lines.count("GET /ping") == 100
    monkeypatch.setattr(logs, "QUIET", 0)  # and the minute is over
    logger.error("No descriptor for %d", 1)
    assert stream.getvalue().endswith("No descriptor for 1 [repeated 99 times]\n")
