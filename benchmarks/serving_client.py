"""Two kinds of server processes, and one client that times what each streams."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .process import SideName, environment, program, root, script

HOST = "127.0.0.1"
START_PATIENCE = 60.0
ANSWER_PATIENCE = 600.0


class ServerFailed(Exception):
    """A server did not start, or did not answer as expected."""


@dataclass
class Streamed:
    """Times on time.perf_counter()'s clock; `times` has one for each piece of text."""

    sent: float
    times: list[float] = field(default_factory=list)
    text: str = ""
    num_tokens: int = 0
    num_prompt: int = 0

    @property
    def ttft(self) -> float:
        """Seconds from the request to the first piece of text."""
        return self.times[0] - self.sent


class Stream(threading.Thread):
    """A request, read in its own thread; `join` it, then read `got`."""

    def __init__(self, port: int, path: str, body: dict[str, Any]) -> None:
        super().__init__(name="stream")
        self.got = Streamed(time.perf_counter())
        self._error: Exception | None = None
        self._was_cut = False
        self._connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_PATIENCE)
        self._request = path, json.dumps({"stream": True, "temperature": 0, **body})
        self.start()

    def run(self) -> None:
        try:
            self._read()
        except Exception as error:
            if not self._was_cut:
                self._error = error
        finally:
            self._connection.close()

    def result(self) -> Streamed:
        """Return the whole answer. Raises the error if there was one."""
        self.join()
        if self._error is not None:
            raise self._error
        return self.got

    def cut(self) -> None:
        """Disconnect in the middle of the answer."""
        self._was_cut = True
        with suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.join()

    def _read(self) -> None:
        path, body = self._request
        self._connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        if response.status != 200:
            raise ServerFailed(f"{path} answered {response.status}: {response.read()!r}")
        for line in response:
            if line.startswith(b"data: {"):
                self._take(json.loads(line[6:]))
            elif line.startswith(b"data: [DONE]"):
                return

    def _take(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            raise ServerFailed(str(chunk["error"]))
        for choice in chunk["choices"]:
            text = choice.get("text") or choice.get("delta", {}).get("content")
            if text:
                self.got.times.append(time.perf_counter())
                self.got.text += text
        if usage := chunk.get("usage"):
            self.got.num_tokens = usage["completion_tokens"]
            self.got.num_prompt = usage["prompt_tokens"]


class Server:
    """One of the two servers, on a free port; `model` is its name in requests."""

    def __init__(self, side: SideName, folder: Path) -> None:
        self.side = side
        self.port = free_port()
        self.model = str(folder) if program(side) == "peer" else folder.name
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [*_command(side), "--model", str(folder), "--port", str(self.port)],
            cwd=root(side),
            env=environment(side),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> tuple[float, float]:
        """Return seconds from start until /health answers, and until one token was generated."""
        while not self._is_healthy():
            if self._process.poll() is not None:
                raise ServerFailed(f"the {self.side} server ended before it was ready")
            if time.perf_counter() - self.started > START_PATIENCE:
                raise ServerFailed(f"the {self.side} server did not get ready")
            time.sleep(0.005)
        healthy = time.perf_counter() - self.started
        self.complete("Once", 1).result()
        return healthy, time.perf_counter() - self.started

    def complete(self, prompt: str, num_tokens: int) -> Stream:
        return self._stream("/v1/completions", {"prompt": prompt, "max_tokens": num_tokens})

    def chat(self, messages: list[dict[str, str]], num_tokens: int, **more: Any) -> Stream:
        body = {
            "messages": messages,
            "max_tokens": num_tokens,
            "chat_template_kwargs": {"enable_thinking": False},
            **more,
        }
        return self._stream("/v1/chat/completions", body)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stream(self, path: str, body: dict[str, Any]) -> Stream:
        more = {"model": self.model, "stream_options": {"include_usage": True}}
        return Stream(self.port, path, {**body, **more})

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def started(side: SideName, folder: Path) -> Iterator[Server]:
    """Yield a server that is ready."""
    server = Server(side, folder)
    try:
        server.wait()
        yield server
    finally:
        server.close()


def _command(side: SideName) -> list[str]:
    return [*script("qwen3mlx"), "serve"] if program(side) == "ours" else script("mlx_lm.server")


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
