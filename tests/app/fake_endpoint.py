"""A server that speaks the real protocol and does as it is told, also what no real one would."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qwen3mlx.settings.setting import at, object_schema
from qwen3mlx.settings.table import GROUPS, SERVER

# Bytes to send, an event to wait for, or how to end without an end.
Step = bytes | threading.Event
CUT_OFF = b""

MODEL = {
    "id": "demo",
    "path": "/models/demo",
    "source": "demo",
    "publisher": "local",
    "arch": "qwen3",
    "params": "2M",
    "quantization": None,
    "bits_per_weight": 16.0,
    "size_bytes": 5_000_000,
    "modified": 1700000000.0,
    "max_context_length": 4096,
    "is_chat": True,
    "is_embedding": False,
    "thinking": {"can": True, "default": True, "can_disable": True},
    "state": "loaded",
    "load_progress": None,
    "loaded": {
        "context_length": 4096,
        "rope_scaling": None,
        "kv_bits": None,
        "nbytes": 5_000_000,
        "ttl": None,
        "expires_in": None,
        "num_requests": 0,
    },
    "settings": {
        "context_length": None,
        "rope_scaling": None,
        "kv_bits": None,
        "ttl": None,
        "sampling": {},
    },
    "sampling_defaults": {"thinking": {"temperature": 0.6}, "no_thinking": {"temperature": 0.7}},
    "fit": {
        "verdict": "comfortable",
        "context_length": 4096,
        "weight_bytes": 5_000_000,
        "kv_bytes": 1_000_000,
        "kv_bytes_per_token": 244,
        "needed_bytes": 6_000_000,
        "limit_bytes": 10**10,
        "largest_context": 4096,
    },
}
WATCHED = ("/api/qwen3mlx/models/events", "/api/qwen3mlx/downloads/events")
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
TIMINGS = {"ttft_ms": 40.0, "decode_tokens_per_second": 150.0}

SAVED = {setting.name: setting.default for setting in at("http", SERVER)}


def event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def delta(**fields: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": fields, "finish_reason": None}]})


def ending(reason: str = "stop") -> bytes:
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "timings": TIMINGS}
    return event(last) + event({"choices": [], "usage": USAGE}) + b"data: [DONE]\n\n"


def step(reason: str = "tool_calls") -> bytes:
    """The end of a step of an answer that goes on."""
    return ending(reason).removesuffix(b"data: [DONE]\n\n")


def calls(*names: str, arguments: str = "{}") -> bytes:
    """Calls of tools whose ids are call0, call1, ... in one piece."""
    pieces = [
        {"index": n, "id": f"call{n}", "function": {"name": name, "arguments": arguments}}
        for n, name in enumerate(names)
    ]
    return delta(tool_calls=pieces)


def news(number: int, state: str, **more: Any) -> bytes:
    """News of a call: asked, running or ended."""
    about = {"id": f"call{number}", "server": "mini", "tool": "echo", "state": state}
    if state == "ended":
        about |= {"status": "ok", "text": "", "seconds": 0.25}
    return b"event: call\n" + event({**about, **more})


def answer(content: str, reasoning: str = "") -> list[Step]:
    thought = [delta(reasoning_content=reasoning)] if reasoning else []
    return [delta(role="assistant"), *thought, delta(content=content), ending()]


class FakeEndpoint:
    """`script` is what the next chat completions are answered with, in order; `bodies` were asked.

    `replies` answers a path with something else than usual: (status, body). `sent` has the body of
    each request that is no chat.
    """

    def __init__(self) -> None:
        self.script: list[Sequence[Step]] = []
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.replies: dict[str, tuple[int, bytes]] = {}
        self.headers: list[dict[str, str]] = []
        self.sent: list[tuple[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeEndpoint:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_script(self) -> Sequence[Step]:
        return self.script.pop(0) if self.script else answer("Hello!", "Hm.")

    def reply(self, method: str, path: str, body: Any) -> Any:
        """The JSON of a path that is not scripted."""
        if path == "/api/qwen3mlx/models":
            return {"models": [MODEL], "skipped": []}
        if path == "/api/qwen3mlx/tools/servers":
            return {"path": "", "servers": [], "faults": []}
        if path == "/api/qwen3mlx/tools/builtin":
            return {"fetch_page": False, "run_python": False, "folders": [], "sandbox": True}
        if path == "/api/qwen3mlx/keys":
            return {"keys": [], "required": False}
        if path == "/api/qwen3mlx/settings":
            return {"saved": SAVED, "restart_needed": False}
        if path == "/api/qwen3mlx/settings/schema":
            return {group: object_schema(settings) for group, settings in GROUPS.items()}
        if path == "/api/qwen3mlx/tools":
            return {"tools": []}
        if path == "/api/qwen3mlx/tokens":
            texts = [len(text.split()) for text in body["texts"]]
            chat = sum(len(m["content"].split()) for m in body["messages"] or ())
            chat += 100 * len(body["servers"])
            counts = {"model": "demo", "texts": texts, "chat": chat, "context_length": 4096}
            return {**counts, "at_least": False}
        return {}


def _handler(fake: FakeEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 1  # a connection on which nothing is asked would keep its thread

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.close_connection = True  # an idle one would keep its thread
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            path = self.path.partition("?")[0]
            fake.requests.append((self.command, self.path))
            fake.headers.append(dict(self.headers))
            if body is not None:
                fake.sent.append((path, body))
            if path in WATCHED and path not in fake.replies:
                self._whole(404, b"{}")  # they last as long as the server
            elif path in fake.replies:
                self._whole(*fake.replies[path])
            elif path in ("/v1/chat/completions", "/api/qwen3mlx/tools/chat"):
                fake.bodies.append(body)
                self._stream(fake.next_script())
            else:
                self._whole(200, json.dumps(fake.reply(self.command, path, body)).encode())

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def _whole(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, steps: Sequence[Step]) -> None:
            try:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.send_header("connection", "close")
                self.end_headers()
                for step in steps:
                    if isinstance(step, threading.Event):
                        step.wait(20)
                    elif step == CUT_OFF:
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    else:
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(step), step))
                        self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass

    return Handler
