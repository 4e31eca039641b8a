"""Names, web pages and keys: who may call."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from qwen3mlx.server.keys import KeyStore

from .live import LiveServer, live_server

PAGE = "https://chat.example.com"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def listed() -> Iterator[LiveServer]:
    """One web page and one further name are listed."""
    with live_server(allowed_origins=(PAGE,), allowed_hosts=("mac.local",)) as running:
        yield running


def status_for_host(server: LiveServer, host: str | None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("GET", "/health", skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "127.0.0.1", "127.0.0.1:1", "[::1]:1234", "localhost."]
)
def test_names_of_this_computer(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.1.2", "[::2]", ""],
)
def test_a_rebound_name_is_refused(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 403


def test_a_listed_name_is_served(listed: LiveServer) -> None:
    assert status_for_host(listed, "mac.local:1234") == 200
    assert status_for_host(listed, "other.local") == 403


def test_on_all_interfaces_any_address_is_served_but_no_name() -> None:
    with live_server(host="0.0.0.0") as server:
        assert status_for_host(server, "192.168.1.2:1234") == 200
        assert status_for_host(server, "evil.example") == 403


def test_the_refusal_says_what_to_do(server: LiveServer) -> None:
    error = server.http.get("/v1/models", headers={"Host": "evil.example"}).json()["error"]
    assert error["code"] == "forbidden_host"
    assert "'evil.example'" in error["message"]
    assert "--allow-host" in error["message"]


@pytest.mark.parametrize("origin", [PAGE, "null", "http://localhost:3000", "vscode-webview://x"])
def test_no_web_page_is_listed_by_default(server: LiveServer, origin: str) -> None:
    headers = {"Origin": origin}
    change = server.http.post("/tokenize", json={"prompt": "a"}, headers=headers)
    assert change.status_code == 403
    assert repr(origin) in change.json()["error"]["message"]
    preflight = httpx.options(
        f"{server.url}/tokenize", headers=headers | {"Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 403
    read = server.http.get("/v1/models", headers=headers)
    assert read.status_code == 200
    for answer in (change, preflight, read):
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_servers_own_page_is_served(server: LiveServer) -> None:
    headers = {"Origin": server.url}
    answer = server.http.post("/tokenize", json={"prompt": "a"}, headers=headers)
    assert answer.status_code == 200


def test_a_listed_page_may_call(listed: LiveServer) -> None:
    preflight = httpx.options(
        f"{listed.url}/tokenize",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "x-stainless-os" in preflight.headers["access-control-allow-headers"]
    answer = listed.http.post("/tokenize", json={"prompt": "a"}, headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["vary"] == "Origin"


def test_a_listed_page_can_read_errors(listed: LiveServer) -> None:
    answer = listed.http.post("/tokenize", content="{", headers={"Origin": PAGE})
    assert answer.status_code == 400
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    "origin", [PAGE + ":8443", "http://chat.example.com", PAGE + ".evil.example"]
)
def test_only_the_listed_page_itself(listed: LiveServer, origin: str) -> None:
    answer = listed.http.post("/tokenize", json={"prompt": "a"}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_keys(home: Path) -> None:
    stored = KeyStore().create("laptop")
    with live_server(api_keys=("given",)) as server:
        url = "/v1/models"
        for headers in (
            {"Authorization": "Bearer given"},
            {"authorization": f"bearer  {stored}"},
            {"x-api-key": stored},
            {"Authorization": "Basic abc", "x-api-key": "given"},
        ):
            assert server.http.get(url, headers=headers).status_code == 200, headers
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "given"},
            {"x-api-key": stored[:-1]},
            {"x-api-key": b"\xe9"},
        ):
            answer = server.http.get(url, headers=headers)
            assert answer.status_code == 401, headers
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert answer.json()["error"]["type"] == "authentication_error"


def test_health_and_docs_need_no_key_and_all_else_does(home: Path) -> None:
    with live_server(api_keys=("given",)) as server:
        for path in ("/", "/health", "/docs", "/openapi.json"):
            assert server.http.get(path).status_code == 200
        for path in ("/metrics", "/v1/models", "/api/tags", "/nowhere", "/health/", "//health"):
            assert server.http.get(server.url + path).status_code == 401, path


def test_a_refused_key_is_told_in_the_words_of_the_dialect(home: Path) -> None:
    with live_server(api_keys=("given",)) as server:
        answer = server.http.post("/v1/messages", json={})
    assert answer.status_code == 401
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "authentication_error"


def test_keys_come_and_go_while_the_server_runs(home: Path) -> None:
    store = KeyStore()
    with live_server() as server:
        url = "/v1/models"
        assert server.http.get(url).status_code == 200
        secret = store.create("laptop")
        assert server.http.get(url).status_code == 401
        assert server.http.get(url, headers={"x-api-key": secret}).status_code == 200
        store.revoke("laptop")
        assert server.http.get(url, headers={"x-api-key": secret}).status_code == 401
        assert server.http.get(url).status_code == 401, "the last key gone must not open the server"
