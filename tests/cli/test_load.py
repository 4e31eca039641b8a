"""`ps`, `load` and `unload` against a running server."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from qwen3mlx.cli.client import Client
from qwen3mlx.cli.load import load
from qwen3mlx.cli.own_server import ServerError
from qwen3mlx.cli.ps import ps
from qwen3mlx.cli.unload import unload
from qwen3mlx.errors import ConfigurationError, UsageError

from .conftest import Serve


def in_memory(endpoint: Serve, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    capsys.readouterr()
    ps(endpoint.url, "secret")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    return {name: columns for name, *columns in rows}


def test_load_ps_unload(endpoint: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    load("DEMO-moe", context_length=1000, kv_bits=8, ttl=600, url=endpoint.url, api_key="secret")
    assert capsys.readouterr().err.startswith("Loaded demo-moe (")
    load("DEMO-moe", url=endpoint.url, api_key="secret")
    told = capsys.readouterr().err
    assert "Settings: context length 1,000, 8-bit KV cache." in told
    weights, memory, context, left = in_memory(endpoint, capsys)["demo-moe"]
    assert (weights, context, left) == ("8bit", "1,000", "10 min")
    assert memory.endswith(" MB")
    unload("demo-moe", endpoint.url, "secret")
    assert "demo-moe" not in in_memory(endpoint, capsys)
    load("demo-moe", url=endpoint.url, api_key="secret")
    assert in_memory(endpoint, capsys)["demo-moe"][2] == "1,000"  # as it was loaded before
    capsys.readouterr()
    load("demo-moe", context_length=2000, url=endpoint.url, api_key="secret")
    told = capsys.readouterr().err
    assert "Settings: context length 2,000, unquantized KV cache." in told
    unload("demo-moe", endpoint.url, "secret")
    assert "demo" in in_memory(endpoint, capsys)


def test_ps_as_json(endpoint: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    ps(f"{endpoint.url}/v1/", "secret", as_json=True)
    assert "demo:latest" in [model["name"] for model in json.loads(capsys.readouterr().out)]


def test_a_refusal_is_shown_in_the_servers_words(endpoint: Serve) -> None:
    with pytest.raises(ServerError, match='no model "gpt-4o" on this computer'):
        load("gpt-4o", url=endpoint.url, api_key="secret")
    with pytest.raises(ServerError, match="9999999 tokens exceeds"):
        load("demo-moe", context_length=9_999_999, url=endpoint.url, api_key="secret")
    with pytest.raises(ServerError, match="--api-key"):
        ps(endpoint.url, None)


def test_no_server_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(
        ServerError, match=f"No server is running at {url}: start one with `qwen3mlx"
    ):
        ps(url)


class Stranger(BaseHTTPRequestHandler):
    """Something else that speaks HTTP: the path says with which status it answers."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:4]))
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *args: object) -> None:
        pass


def test_another_program_at_that_port_is_one_sentence() -> None:
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        client = Client(f"http://127.0.0.1:{server.server_port}", None)
        with pytest.raises(ServerError, match="no JSON object returned"):
            client.get("/200")
        with pytest.raises(
            ServerError, match=r"not look like a qwen3mlx server of this version.* 500"
        ):
            client.get("/500")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:1234", "ftp://localhost"])
def test_an_address_that_is_not_http(url: str) -> None:
    with pytest.raises(UsageError, match="must start with http"):
        Client(url, None)


@pytest.mark.parametrize(("settings", "port"), [({}, 1234), ({"server": {"port": 5678}}, 5678)])
def test_the_server_on_this_computer_is_where_settings_json_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: object, port: int
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    assert Client(None, None).url == f"http://127.0.0.1:{port}"
    (tmp_path / "settings.json").write_text('{"server": {"port": "80x"}}')
    with pytest.raises(ConfigurationError, match=r"settings\.json: server\.port is '80x'"):
        Client(None, None)
