"""The question for a newer release: whatever the answer is, it costs itself alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot
from qwen3mlx_app.services import updates as module
from qwen3mlx_app.services.links import is_safe
from qwen3mlx_app.services.updates import LARGEST, PAGE, RELEASE, Updates, newer, read_release


class Host:
    """Answers with what a test sets; `heard` has each request's path and headers."""

    def __init__(self) -> None:
        self.status, self.body, self.location = 200, b"", ""
        self.heard: list[tuple[str, dict[str, str]]] = []
        self.stalls = threading.Event()
        self.stalls.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/latest"

    def close(self) -> None:
        self.stalls.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            host.heard.append((self.path, dict(self.headers)))
            moves = bool(host.location) and self.path == "/latest"
            self.send_response(302 if moves else host.status)
            if moves:
                self.send_header("location", host.location)
            self.end_headers()
            with suppress(OSError):  # it hangs up when it has had enough
                self.wfile.write(host.body[:1])
                self.wfile.flush()
                host.stalls.wait(20)
                self.wfile.write(host.body[1:])

    return Handler


@pytest.fixture
def host() -> Iterator[Host]:
    running = Host()
    yield running
    running.close()


def asked(host: Host, qtbot: QtBot) -> Any:
    updates = Updates(host.url)
    with qtbot.waitSignal(updates.told) as heard:
        updates.ask()
        updates.ask()
    return heard.args[0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"tag_name": "v99.0.1", "html_url": "https://evil.example/"}, "99.0.1"),
        ({"tag_name": "99.0.1"}, "99.0.1"),
        ({"tag_name": "v0.0.1"}, ""),
    ],
)
def test_a_release_is_told_where_it_is_newer(
    host: Host, qtbot: QtBot, body: dict[str, str], told: str
) -> None:
    host.body = json.dumps(body).encode()
    assert asked(host, qtbot) == told
    ((path, headers),) = host.heard  # once, though asked twice
    assert path == "/latest"
    assert headers["User-Agent"] == "qwen3mlx"
    assert not {"Cookie", "Authorization", "Referer"} & headers.keys()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>Log in</title>",
        b"\xff\xfe",
        b"[" * 50_000,
        b"[]",
        b"null",
        b'{"tag_name": null}',
        b'{"tag_name": ["v9.0.0"]}',
        b'{"tag_name": "v9.0.0-rc1"}',
        b'{"tag_name": "v9.0.0\\n<b>bold</b>"}',
        b'{"tag_name": "v9.0"}',
        b'{"tag_name": "v999999.0.0"}',
        b'{"tag_name": "v\xd9\xa9.0.0"}',
        b'{"tag_name": "' + b"9" * 5000 + b'.0.0"}',
    ],
)
def test_anything_else_is_no_release(body: bytes) -> None:
    assert read_release(body) is None


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps(text).encode()))
def test_whatever_comes_is_a_version_or_none(body: bytes) -> None:
    found = read_release(body)
    assert found is None or found.replace(".", "").isascii()


def test_versions_are_compared_as_numbers() -> None:
    assert newer("0.10.0", "0.9.9") == "0.10.0"
    assert newer("1.0.0", "1.0.0") == newer("1.0.0", "1.0.1.dev1") == ""


@pytest.mark.parametrize("fault", ["huge", "missing", "elsewhere", "in a circle", "a file"])
def test_a_host_at_fault_is_told_as_one(host: Host, qtbot: QtBot, fault: str) -> None:
    host.body = json.dumps({"tag_name": "v99.0.1"}).encode()
    other = Host()
    other.body = host.body
    if fault == "huge":
        host.body = b'{"tag_name": "v99.0.1", "x": "' + b"x" * LARGEST * 8 + b'"}'
    elif fault == "missing":
        host.status = 404
    elif fault == "elsewhere":
        host.location = other.url
    else:
        host.location = "/latest" if fault == "in a circle" else "file:///etc/hostname"
    try:
        assert asked(host, qtbot) is None
        assert other.heard == []
    finally:
        other.close()


def test_a_move_on_the_same_host_is_followed(host: Host, qtbot: QtBot) -> None:
    host.body, host.location = b'{"tag_name": "v99.0.1"}', "/moved"
    assert asked(host, qtbot) == "99.0.1"


def test_a_slow_host_is_given_up(host: Host, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 200)
    host.body = b'{"tag_name": "v99.0.1"}'
    host.stalls.clear()
    assert asked(host, qtbot) is None


def test_a_host_that_is_not_there(host: Host, qtbot: QtBot) -> None:
    url = host.url
    host.close()
    updates = Updates(url)
    with qtbot.waitSignal(updates.told) as heard:
        updates.ask()
    assert heard.args == [None]


def test_the_addresses_are_web_pages() -> None:
    assert is_safe(RELEASE)
    assert is_safe(PAGE)
    assert urlsplit(RELEASE).scheme == urlsplit(PAGE).scheme == "https"
