"""The server as a process: one line on stdout, signals, its parent, a port in use."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.errors import ListenError, UsageError
from qwen3mlx.server.http.keys import KeyStore
from qwen3mlx.server.run import Server, warn_if_open
from qwen3mlx.server.settings import ServerSettings

from .live import LiveServer


@contextmanager
def process(*options: str, **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    """`qwen3mlx serve` on a free port."""
    command = [sys.executable, "-m", "qwen3mlx", "serve", "--port", "0", *options]
    started: Any = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **{"stdin": subprocess.DEVNULL} | pipes,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def url_of(running: subprocess.Popen[bytes]) -> str:
    assert running.stdout is not None
    line = json.loads(running.stdout.readline())
    assert set(line) == {"url"}
    return str(line["url"])


ENDLESS = {
    "model": "demo",
    "prompt": "Once",
    "max_tokens": 4000,
    "stream": True,
    "min_tokens": 4000,
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_tells_the_running_streams(number: signal.Signals) -> None:
    with process("--model", "demo") as running:
        url = url_of(running)
        with httpx.stream("POST", f"{url}/v1/completions", json=ENDLESS, timeout=30) as answer:
            lines = answer.iter_lines()
            assert any("text" in line for line in lines)
            running.send_signal(number)
            rest = [line for line in lines if line.startswith("data: ")]
        assert rest[-1] == "data: [DONE]"
        error = json.loads(rest[-2].removeprefix("data: "))["error"]
        assert error["code"] == "unavailable"
        out, log = running.communicate(timeout=30)
    assert running.returncode == 0
    assert out == b""
    assert b"Traceback" not in log


@pytest.mark.parametrize("number_of_signals", [1, 2])
def test_ctrl_c_while_a_stream_runs_and_a_body_is_unfinished_logs_no_traceback(
    number_of_signals: int,
) -> None:
    with process("--model", "demo") as running:
        url = url_of(running)
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        head = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n"
        with (
            socket.create_connection(address) as unfinished,
            httpx.stream("POST", f"{url}/v1/completions", json=ENDLESS, timeout=30) as answer,
        ):
            unfinished.sendall(head + b"Content-Type: application/json\r\n\r\n{")
            lines = answer.iter_lines()
            assert any("text" in line for line in lines)
            for _ in range(number_of_signals):
                running.send_signal(signal.SIGINT)
                next(lines, None)
            _, log = running.communicate(timeout=30)
    assert running.returncode == 0
    assert b"Traceback" not in log
    assert b"ERROR" not in log


def test_it_exits_with_its_parent() -> None:
    with process("--exit-with-parent", stdin=subprocess.PIPE) as running:
        url = url_of(running)
        assert httpx.get(f"{url}/health").status_code == 200
        out, log = running.communicate(timeout=30)
    assert (running.returncode, out) == (0, b"")
    assert b"Traceback" not in log


def test_without_a_model_there_is_none_in_memory() -> None:
    with process() as running:
        url = url_of(running)
        assert "qwen3mlx_loaded_models 0.0" in httpx.get(f"{url}/metrics").text


def test_a_model_that_does_not_load_ends_it() -> None:
    with process("--model", "no-such-model") as running:
        out, log = running.communicate(timeout=60)
    assert (running.returncode, out) == (1, b"")
    assert b"no-such-model" in log
    assert b"Traceback" not in log


def test_a_port_that_is_taken_is_told_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = ServerSettings(port=port)
        with pytest.raises(ListenError, match=rf"^Port {port} is in use .* --port .*\.$"):
            Server(settings, on_ready=print)


def test_a_port_that_this_program_has_already_is_told_as_such(server: LiveServer) -> None:
    with pytest.raises(ListenError, match=rf"^Port {server.port} is in use by a qwen3mlx server; "):
        Server(ServerSettings(port=server.port), on_ready=print)


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b", "no-such-name.invalid\ud800"])
def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(ListenError):
        Server(ServerSettings(host=host, port=0), on_ready=print)


def test_the_url_names_an_address_that_answers() -> None:
    for host, expected in [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")]:
        server = Server(ServerSettings(host=host, port=0), on_ready=print)
        assert server.url.startswith(f"http://{expected}:")
        server.close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"port": 65536}, "port is 65536"),
        ({"port": -1}, "port is -1"),
        ({"host": ""}, "host is ''; it must be a non-empty string"),
        ({"api_key": ("",)}, "it must be a list of non-empty strings"),
        ({"parent_key": ""}, "API key is empty"),
        ({"max_body_bytes": 0}, "max_body_bytes is 0"),
        ({"max_running": 0}, "max_running is 0"),
        ({"max_waiting": -1}, "max_waiting is -1"),
        ({"ttl": float("nan")}, "ttl is nan"),
        ({"allow_origin": ("localhost:3000",)}, "not a valid origin"),
        ({"allow_origin": ("http://localhost:3000/",)}, "not a valid origin"),
        ({"allow_origin": ("*",)}, "not a valid origin"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ServerSettings(**settings)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("mac.local", False),
    ],
)
def test_who_can_reach_it(host: str, is_loopback: bool) -> None:
    assert ServerSettings(host=host).is_loopback is is_loopback


def test_an_open_server_is_warned_of_unless_it_asks_for_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    warn_if_open(ServerSettings())
    long_key = "a key that nobody guesses soon"
    warn_if_open(ServerSettings(host="0.0.0.0", api_key=(long_key,)))
    assert not caplog.records
    warn_if_open(ServerSettings(host="0.0.0.0", api_key=(long_key, "1234")))
    assert "easy to guess" in caplog.text
    assert "1234" not in caplog.text
    warn_if_open(ServerSettings(host="0.0.0.0"))
    assert "--api-key" in caplog.text
    caplog.clear()
    KeyStore().create("laptop")
    warn_if_open(ServerSettings(host="0.0.0.0"))
    assert not caplog.records
