"""Host names, web pages and keys: access control."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from qwen3mlx.errors import UsageError
from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.http.keys import KeyStore
from qwen3mlx.server.origins import Origins
from qwen3mlx.server.settings import ServerSettings

from ..live import LiveServer, live_server

PAGE = "https://chat.example.com"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def listed() -> Iterator[LiveServer]:
    """One web page and one further name are listed."""
    with live_server(allow_origin=(PAGE,), allow_host=("mac.local",)) as running:
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


NO_HOSTS = [
    *("[::1].evil.com", "[::1]evil.com", "[::1", "::1", "[localhost]", "[::1]:1:2", "[:::]"),
    *("localhost:abc", "localhost:99999", "localhost:-1", "localhost:1234567", "localhost:80:80"),
    *("localhost:1e3", "localhost:\u00b2", "a@localhost", "localhost/x", "localhost, evil.com"),
    *("localhost#", "localhost?", "local host", "*", "127.0.0.1:80\t:", "[127.0.0.1]:80."),
]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_and_port_is_refused(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 400


@pytest.mark.parametrize("host", ["localhost:", "localhost:0", "localhost:65535", "[::1]:"])
def test_a_port_may_be_empty_and_ends_at_65535(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 200


def test_a_listed_name_is_served(listed: LiveServer) -> None:
    assert status_for_host(listed, "mac.local:1234") == 200
    assert status_for_host(listed, "other.example") == 403


def test_on_all_interfaces_any_address_is_served_but_no_name() -> None:
    with live_server(host="0.0.0.0") as server:
        assert status_for_host(server, "192.168.1.2:1234") == 200
        assert status_for_host(server, "evil.example") == 403


NEARBY = ["mac.local", "MAC.local.:80", "host.docker.internal", "host.containers.internal:1234"]


@pytest.mark.parametrize("host", [*NEARBY, "a.localhost:1", "a.b.localhost", gethostname()])
def test_names_that_nobody_can_register(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "local",
        "mac.local.evil.example",
        "evillocalhost",
        "xlocal",
        "mac.localx",
        "a.internal.example",
        f"{gethostname()}.evil.example",
    ],
)
def test_names_that_only_look_like_them(server: LiveServer, host: str) -> None:
    assert status_for_host(server, host) == 403


# What a browser sends with a page's own requests to a server that is not secure, in which the page
# has changed what it can change; then what programs send.
PAGES: list[dict[str, str]] = [
    {"Accept-Language": "en"},
    {"Accept-Language": "*", "User-Agent": "curl/8"},
    {"Referer": "http://mac.local:1234/", "Accept-Language": "en"},
    {"Origin": "http://mac.local:1234"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Accept-Language": "en"},
]
PROGRAMS: list[dict[str, str]] = [
    {"User-Agent": "python-httpx/0.28.1", "Accept": "*/*"},
    {"User-Agent": "node", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
]


@pytest.mark.parametrize("host", NEARBY)
def test_a_page_whose_name_was_rebound_in_the_local_network_is_refused(
    server: LiveServer, host: str
) -> None:
    def status(headers: dict[str, str], method: str = "GET") -> int:
        headers = headers | {"Host": host}
        return server.http.request(method, server.url + "/health", headers=headers).status_code

    for headers in PAGES:
        assert status(headers) == status(headers, "POST") == 403, headers
    for headers in PROGRAMS:
        assert status(headers) == 200, headers


def test_a_page_of_this_computer_is_itself(server: LiveServer) -> None:
    host = f"chat.localhost:{server.port}"
    headers = {"Host": host, "Origin": f"http://{host}", "Accept-Language": "en"}
    answer = server.http.post("/tokenize", json={"prompt": "a"}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("192.168.1.9", 200),
        ("172.17.0.2", 200),
        ("::ffff:10.0.0.3", 200),
        ("fe80::1", 200),
        ("8.8.8.8", 403),
        ("::ffff:8.8.8.8", 403),
        ("2606:4700::1", 403),
    ],
)
def test_only_callers_nearby_may_use_such_names(client: str, status: int, home: Path) -> None:
    settings = ServerSettings(port=0)
    app = create_app(Service(settings), settings)
    for name in ("http://host.docker.internal", "http://a.localhost", "http://mac.local"):
        caller = TestClient(app, name, client=(client, 5))
        assert caller.get("/ping").status_code == status, name


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


LISTED = (
    *("https://*.example.com", "http://localhost:*", "app://*", "vscode-webview://*"),
    *("tauri://localhost", "chrome-extension://abcdef", "HTTPS://Chat.Example.Org:443"),
)


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://a.example.com", True),
        ("https://a.b.example.com", True),
        ("https://example.com", False),
        ("https://evilexample.com", False),
        ("https://a.example.com.evil.example", False),
        ("https://a.example.com:8443", False),
        ("http://a.example.com", False),
        ("https://evil.example/.example.com", False),
        ("https://evil.example#.example.com", False),
        ("http://localhost", True),
        ("http://localhost:3000", True),
        ("http://localhost:3000.evil.example", False),
        ("http://localhost.evil.example:3000", False),
        ("https://localhost:3000", False),
        ("app://obsidian.md", True),
        ("app://", True),
        ("vscode-webview://1qh6-af0", True),
        ("tauri://localhost", True),
        ("tauri://localhost.evil", False),
        ("chrome-extension://abcdef", True),
        ("chrome-extension://other", False),
        ("https://chat.example.org", True),
        ("null", False),
    ],
)
def test_wildcards(origin: str, may: bool) -> None:
    assert (origin in Origins(LISTED)) == may


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "null", "", "https://", "http://*", "https://*:*", "*://localhost", "localhost:*"),
        *("https://*example.com", "https://ex*.com", "https://example.*", "https://a.*.com"),
        *("http://localhost:3*", "https://chat.example.com/", "https://a b", "app:*", "a://b\n"),
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServerSettings(allow_origin=(pattern,))
    assert repr(pattern) in str(caught.value) or not pattern


def test_a_wildcard_reaches_the_browser_as_the_origin_it_asked_for() -> None:
    with live_server(allow_origin=LISTED) as server:
        for origin in ("app://obsidian.md", "http://localhost:5173"):
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Private-Network": "true",
            }
            preflight = httpx.options(f"{server.url}/v1/chat/completions", headers=headers)
            assert preflight.status_code == 204
            assert preflight.headers["access-control-allow-origin"] == origin
            assert preflight.headers["access-control-allow-private-network"] == "true"
            answer = server.http.post("/tokenize", json={"prompt": "a"}, headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin


def test_keys(home: Path) -> None:
    stored = KeyStore().create("laptop")
    with live_server(api_key=("given",)) as server:
        url = "/v1/models"
        for headers in (
            {"Authorization": "Bearer given"},
            {"authorization": f"bearer  {stored}"},
            {"x-api-key": stored},
            {"Authorization": "Basic abc", "x-api-key": "given"},
        ):
            assert server.http.get(url, headers=headers).status_code == 200, headers
        wrong: list[Any] = [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "given"},
            {"x-api-key": stored[:-1]},
            {"x-api-key": b"\xe9"},
        ]
        for headers in wrong:
            answer = server.http.get(url, headers=headers)
            assert answer.status_code == 401, headers
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert answer.json()["error"]["type"] == "authentication_error"


def test_health_and_docs_need_no_key_and_all_else_does(home: Path) -> None:
    with live_server(api_key=("given",)) as server:
        for path in ("/", "/health", "/health/", "/ping", "/version", "/docs", "/openapi.json"):
            assert server.http.get(path).status_code == 200
        closed = ("/metrics", "/v1/models", "/models/", "/v1/v1/models", "//v1//models", "/props")
        for path in (*closed, "/api/tags", "/v1/api/tags", "/nowhere", "/health/x", "/%2Fhealth"):
            assert server.http.get(server.url + path).status_code == 401, path


def test_a_refused_key_is_told_in_the_words_of_the_dialect(home: Path) -> None:
    with live_server(api_key=("given",)) as server:
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
        closed = server.http.get(url)
        assert closed.status_code == 401, "the last key gone must not open the server"
        assert "All keys have been revoked" in closed.json()["error"]["message"]
        store.create("phone")
        assert "All keys have been revoked" not in server.http.get(url).text
