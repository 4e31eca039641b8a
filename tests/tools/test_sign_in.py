"""Signing in to a server that wants OAuth, and what can go wrong with it."""

from __future__ import annotations

import json
import logging
import stat
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from qwen3mlx.cli.mcp import app
from qwen3mlx.tools import sign_in
from qwen3mlx.tools.host import Host
from qwen3mlx.tools.transports import ToolServerError

from .oauth_server import Guarded, guarded_server

PATIENCE = 20


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


class Browser:
    """Opens an address as a person would who is signed in there already."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.pages: list[str] = []
        self._threads: list[threading.Thread] = []

    def open(self, address: str) -> None:
        self.addresses.append(address)
        self._threads.append(threading.Thread(target=self._get, args=(address,)))
        self._threads[-1].start()

    def close(self) -> None:
        for thread in self._threads:
            thread.join()

    def _get(self, address: str) -> None:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as reply:
                self.pages.append(reply.read().decode())
        except HTTPError as error:
            self.pages.append(error.read().decode())
            error.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    yield made
    made.close()


def add(host: Host, server: Guarded, **entry: Any) -> None:
    host.file.add("docs", {"url": f"{server.url}/mcp", **entry})


def look(host: Host) -> Any:
    found = host.tools(["docs"]).result(PATIENCE)
    assert not found.faults, found.faults
    return host.call(found.tools[0], {}, 5, lambda *_: None).result(PATIENCE)


def test_nothing_is_asked_for_before_a_person_signs_in(
    host: Host, home: Path, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with guarded_server() as server:
        add(host, server)
        (fault,) = host.tools(["docs"]).result(PATIENCE).faults
        assert fault == (
            "The MCP server docs failed: it does not know who you are: sign in with "
            "`qwen3mlx mcp login docs`, or give it a key in headers."
        )
        assert set(server.requests) == {"/mcp"}
        (status,) = host.status()
        assert status.wants_sign_in
        assert not status.is_signed_in
        assert len(host.sign_in("docs", browser.open).result(PATIENCE)) == 1
        browser.close()
        assert "Thank you." in browser.pages[0]
        assert look(host).text == "seen"
        assert host.status()[0].is_signed_in
        kept = home / "tool-tokens.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert all(token not in caplog.text for token in server.tokens | server.refreshing)
        assert host.sign_out("docs").result(PATIENCE)
        assert json.loads(kept.read_text()) == {}
        assert not host.status()[0].is_signed_in
        assert "does not know" in host.tools(["docs"]).result(PATIENCE).faults[0]


def test_what_has_expired_is_renewed_also_by_a_later_process(host: Host, browser: Browser) -> None:
    with guarded_server() as server:
        add(host, server)
        host.sign_in("docs", browser.open).result(PATIENCE)
        kept = sign_in.Tokens(f"{server.url}/mcp")
        kept._save("expires_at", 1.0)
        server.tokens.clear()
        server.requests.clear()
        later = Host()
        try:
            assert look(later).text == "seen"
        finally:
            later.close()
        assert server.requests[0] == "/oauth/token"
        assert len(browser.addresses) == 1


def test_what_was_revoked_asks_for_another_sign_in(host: Host, browser: Browser) -> None:
    with guarded_server() as server:
        add(host, server)
        host.sign_in("docs", browser.open).result(PATIENCE)
        assert look(host).text == "seen"
        tool = host.known(["docs"])[0]
        server.tokens.clear()
        server.refreshing.clear()
        outcome = host.call(tool, {}, 5, lambda *_: None).result(PATIENCE)
        assert "does not know who you are" in outcome.text
        assert len(browser.addresses) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("denied", "signing in has failed (access_denied)"),
        ("elsewhere", "it refers to http://10.0.0.1, which is not safe to ask"),
        ("command", "its address for signing in is no web address"),
        ("token", "Token exchange failed (400)"),
    ],
)
def test_a_sign_in_that_fails_says_why(
    host: Host, home: Path, browser: Browser, fault: str, told: str
) -> None:
    with guarded_server(fault) as server:
        add(host, server)
        with pytest.raises(ToolServerError, match="The MCP server docs failed") as raised:
            host.sign_in("docs", browser.open).result(PATIENCE)
        assert told in str(raised.value)
        saved = home / "tool-tokens.json"
        assert not saved.exists() or "access_token" not in saved.read_text()


def test_discovery_that_answers_garbage_falls_back_to_the_usual_places(
    host: Host, browser: Browser
) -> None:
    with guarded_server("garbage") as server:
        add(host, server)
        host.sign_in("docs", browser.open).result(PATIENCE)
        assert look(host).text == "seen"


def test_an_answer_with_another_state_is_not_taken(
    host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "SIGN_IN_PATIENCE", 0.5)
    with guarded_server("state") as server:
        add(host, server)
        with pytest.raises(ToolServerError, match="nobody has signed in"):
            host.sign_in("docs", browser.open).result(PATIENCE)
        browser.close()
        assert "not what was waited for" in browser.pages[0]
        assert "/oauth/token" not in server.requests


def test_giving_up_closes_the_place_to_return_to(host: Host) -> None:
    shown: list[str] = []
    asked = threading.Event()

    def show(address: str) -> None:
        shown.append(address)
        asked.set()

    with guarded_server() as server:
        add(host, server)
        signing = host.sign_in("docs", show)
        assert asked.wait(PATIENCE)
        signing.cancel()
        with pytest.raises(CancelledError):
            signing.result(PATIENCE)
        host.close()  # which waits for it
        back = parse_qs(urlsplit(shown[0]).query)["redirect_uri"][0]
        assert urlsplit(back).hostname == "127.0.0.1"
        with pytest.raises(URLError, match="refused"):
            urllib.request.urlopen(back, timeout=PATIENCE)


def test_a_key_in_headers_is_enough(host: Host) -> None:
    with guarded_server() as server:
        server.tokens.add("mine")
        add(host, server, headers={"authorization": "Bearer mine"})
        assert look(host).text == "seen"


def test_the_command_prints_the_address(
    home: Path, host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen3mlx.cli import mcp

    def ask(terminal: Any, address: str) -> None:
        told(terminal, address)
        browser.open(address)

    told = mcp._ask_to_open
    monkeypatch.setattr(mcp, "_ask_to_open", ask)
    with guarded_server() as server:
        add(host, server)
        done = CliRunner().invoke(app, ["login", "docs"])
        assert done.exit_code == 0, done.output
        assert browser.addresses[0] in done.output.replace("\n", "")
        assert "Signed in to docs, which has 1 tools." in done.output
        assert "Signed out of docs." in CliRunner().invoke(app, ["logout", "docs"]).output
        assert "Nobody was signed in" in CliRunner().invoke(app, ["logout", "docs"]).output

        assert CliRunner().invoke(app, ["login", "docs"]).exit_code == 0
        host.file.add("again", {"url": host.servers().servers["docs"].url})
        for name, is_kept in (("again", True), ("docs", False)):
            assert CliRunner().invoke(app, ["remove", name]).exit_code == 0
            assert ("tokens" in (home / "tool-tokens.json").read_text()) is is_kept
    host.file.add("here", {"command": "true"})
    assert "runs here" in CliRunner().invoke(app, ["login", "here"]).output
