"""A key allows only what its scope says, and only the user can create the first one."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import State

from qwen3mlx.cli.client import Client
from qwen3mlx.cli.own_server import ServerError
from qwen3mlx.server.api import Api, check_routes
from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.caller import SCOPES
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.dialects import LAZY
from qwen3mlx.server.http import wrong_keys
from qwen3mlx.server.http.error_responses import ErrorResponses
from qwen3mlx.server.http.keys import Keys, KeyStore, warn_of_unscoped
from qwen3mlx.server.http.scopes import TABLE, needed_for
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.settings.admin_token import token_for
from qwen3mlx.settings.state import keep_private

from ..server.live import LiveServer, live_server

ROUTES = sorted(TABLE)
CALLERS = ("none", "wrong", *SCOPES)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, dict[str, str]]]:
    """A server with a key of each scope, and the keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setattr(wrong_keys, "LONGEST", 0.0)
        keys = {scope: KeyStore().create(scope, scope) for scope in SCOPES}
        with live_server(model="demo") as server:
            yield server, keys | {"wrong": "sk-qwen3mlx-wrong"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def ask(http: httpx.Client, route: tuple[str, str], key: str | None) -> tuple[int, dict[str, Any]]:
    """Status and error of a request with nothing in it; a stream is left after its head."""
    method, path = route
    for name in ("model_id:path", "response_id", "conversation_id", "item_id", "job_id", "digest"):
        path = path.replace(f"{{{name}}}", "nothing")
    if path.endswith("/log"):
        path += "?after=1000000"  # nothing comes on the stream that nobody reads
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    body: dict[str, Any] | None = None if method == "GET" else {}
    with http.stream(method, path, json=body, headers=headers) as reply:
        if reply.headers.get("content-type") != "application/json":
            return reply.status_code, {}
        reply.read()
        found = reply.json()
    error = found.get("error") if isinstance(found, dict) else None
    return reply.status_code, error if isinstance(error, dict) else {"message": error}


def allowed(caller: str, needed: str) -> int | None:
    """Return the status of a refusal, or None if the caller is allowed."""
    if needed == "open":
        return None
    if caller not in SCOPES:
        return 401
    if needed == "own":
        return 403
    return None if SCOPES.index(caller) >= SCOPES.index(needed) else 403


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_and_every_caller(
    keyed: tuple[LiveServer, dict[str, str]], caller: str
) -> None:
    server, keys = keyed
    wrong = []
    for route in ROUTES:
        status, error = ask(server.http, route, keys.get(caller))
        expected = allowed(caller, TABLE[route])
        refused = status if status in (401, 403) else None
        if refused != expected or (expected and not error.get("message")):
            wrong.append((route, status, expected))
    assert wrong == []


def test_the_table_is_that_of_the_application(home: Path) -> None:
    settings = ServerSettings(port=0)
    app = asyncio.run(create_app(Service(settings), settings).state.api.including(LAZY))
    served = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    }
    assert len(served) > 50
    known = {(method, path.replace(":path}", "}")) for method, path in TABLE}
    assert served - known == set()


def test_a_route_without_a_scope_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bare_api()

    @app.get("/new")
    async def new() -> str:
        return "open to all"

    with pytest.raises(RuntimeError, match="GET /new"):
        check_routes(app)
    monkeypatch.delitem(TABLE, ("GET", "/ping"))
    with pytest.raises(RuntimeError, match="GET /ping"):
        bare_api()
    monkeypatch.undo()
    app = bare_api()
    monkeypatch.delitem(TABLE, ("POST", "/api/pull"))
    with pytest.raises(RuntimeError, match="POST /api/pull"):
        app.include()


def bare_api() -> Api:
    return Api(State(), ErrorResponses({}))


def test_a_scope_covers_every_way_to_write_a_path(
    keyed: tuple[LiveServer, dict[str, str]],
) -> None:
    server, keys = keyed
    admin = "/api/qwen3mlx/keys"
    spellings = [
        admin + "/",
        f"/v1{admin}",
        admin.replace("/", "//"),
        f"{admin}?x=1",
        f"{admin};x",
        "/api/qwen3mlx/%6beys",
        "/api/./qwen3mlx/keys",
        "/api/x/../qwen3mlx/keys",
        "/API/qwen3mlx/keys",
        f"{server.url}{admin}",
    ]
    for path in spellings:
        for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS"):
            headers = {"Authorization": f"Bearer {keys['models']}"}
            reply = server.http.request(method, path, headers=headers)
            assert reply.status_code in (204, 403, 404, 405), (method, path, reply.text)
            assert "required" not in reply.text


def test_what_a_refusal_says(keyed: tuple[LiveServer, dict[str, str]]) -> None:
    server, keys = keyed
    reply = server.http.post(
        "/api/v1/models/unload",
        json={"instance_id": "demo"},
        headers={"x-api-key": keys["inference"]},
    )
    assert reply.status_code == 403
    message = reply.json()["error"]["message"]
    assert "requires the scope models" in message
    assert "'inference' has inference" in message
    assert server.service.engine.resident


def test_least_keys_unload_nothing_by_other_ways(keyed: tuple[LiveServer, dict[str, str]]) -> None:
    """Ollama's empty request, and a chat of LM Studio's with another context length."""
    server, keys = keyed
    least = {"x-api-key": keys["inference"]}
    empty = {"model": "demo", "keep_alive": 0}
    for path in ("/api/generate", "/api/chat", "/api/embed", "/api/embeddings"):
        texts: dict[str, Any] = {"input": []} if path == "/api/embed" else {}
        reply = server.http.post(path, json={**empty, **texts}, headers=least)
        assert reply.status_code == 403, path
    body = {"model": "demo", "input": "Hi", "context_length": 900, "max_output_tokens": 1}
    assert server.http.post("/api/v1/chat", json=body, headers=least).status_code == 403
    assert server.service.engine.resident["demo"].loaded.config.max_position_embeddings > 900


def test_without_keys_programs_here_get_answers_and_models_and_no_more(home: Path) -> None:
    with live_server(model="demo") as server:
        wrong = []
        # The key that clients send when none is needed.
        for route, key in zip(ROUTES, itertools.cycle((None, "lm-studio", "ollama"))):
            status, _ = ask(server.http, route, key)
            if (status == 403) != (TABLE[route] in ("admin", "own")) or status == 401:
                wrong.append((route, key, status))
        assert wrong == []
        assert not (home / "api-keys.json").exists()


def test_without_keys_other_computers_get_answers_only(home: Path) -> None:
    settings = ServerSettings(port=0)
    app = create_app(Service(settings), settings)
    far = TestClient(app, "http://a.local", client=("192.168.1.9", 5))
    near = TestClient(app, "http://a.local", client=("127.0.0.1", 5))
    body = {"model": "nothing"}
    assert far.post("/v1/embeddings", json=body).status_code == 400
    assert far.post("/api/qwen3mlx/models/load", json=body).status_code == 403
    assert near.post("/api/qwen3mlx/models/load", json=body).status_code == 404
    for client in (far, near):
        assert client.post("/api/qwen3mlx/keys", json={"name": "mine"}).status_code == 403


def test_the_first_key_is_made_with_the_token_of_the_state_folder(home: Path) -> None:
    with live_server() as server:
        path = "/api/qwen3mlx/keys"
        for headers in ({}, {"x-api-key": "guess"}, {"Authorization": "Bearer null"}):
            reply = server.http.post(path, json={"name": "x", "scope": "admin"}, headers=headers)
            assert reply.status_code == 403
            assert reply.json()["error"]["code"] == "insufficient_scope"
        (file,) = home.glob("admin-token-*.json")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = json.loads(file.read_text())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        reply = server.http.post(path, json={"name": "x"}, headers=headers)
        assert reply.status_code == 200
        assert reply.json()["scope"] == "inference"
        assert server.http.get(path, headers={"x-api-key": reply.json()["key"]}).status_code == 403
    assert not list(home.glob("admin-token-*.json"))
    with live_server() as server:  # each run has another
        assert server.http.get(path, headers=headers).status_code == 401


def test_the_command_line_needs_no_key_at_the_persons_own_server(home: Path) -> None:
    KeyStore().create("laptop")
    with live_server() as server:
        assert Client(server.url, None).get("/api/ps") == {"models": []}
        for name in ("localhost", "[::1]"):
            other = server.url.replace("127.0.0.1", name)
            assert token_for(other) is None
            assert Client(other, None).url == server.url
            assert Client(f"{other}/v1/", None).get("/api/ps") == {"models": []}
        for stranger in ("localhost.example", "127.0.0.1@evil.example", "127.0.0.2"):
            other = server.url.replace("127.0.0.1", stranger)
            assert Client(other, None).url == other
        with pytest.raises(ServerError, match=r"not valid for this server.* with --api-key"):
            Client(server.url, "wrong").get("/api/ps")
        answers_only = KeyStore().create("weak", "inference")
        with pytest.raises(ServerError, match=r"scope models, .*weak.* --api-key or QWEN3MLX_API"):
            Client(server.url, answers_only).post("/api/v1/models/load", {"model": "demo"})
    for url in (server.url, "http://evil.example:1234", "http://127.0.0.1:99999", "http://[::1"):
        assert token_for(url) is None


def test_keys_from_before_there_were_scopes(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = KeyStore()
    secret = store.create("old", "admin")
    file = home / "api-keys.json"
    kept = json.loads(file.read_text())
    del kept["old"]["scope"]
    file.write_text(json.dumps(kept))
    found = Keys((), store).find(secret)
    assert found is not None
    assert found.scope == "models"
    warn_of_unscoped(store)
    assert "'old'" in caplog.text
    assert "scope models" in caplog.text


@pytest.mark.parametrize("scope", ["root", "", None, 1, ["admin"]])
def test_an_invalid_scope_allows_nothing(home: Path, scope: object) -> None:
    secret = KeyStore().create("x")
    file = home / "api-keys.json"
    kept = json.loads(file.read_text())
    kept["x"]["scope"] = scope
    file.write_text(json.dumps(kept))
    with pytest.raises(Exception, match="key 'x' is broken"):
        Keys((), KeyStore()).find(secret)


def test_when_a_key_was_used_is_known_and_costs_no_write(home: Path) -> None:
    secret = KeyStore().create("laptop")
    with live_server() as server:
        before = sorted(path.name for path in home.iterdir())
        for _ in range(3):
            server.http.get("/v1/models", headers={"x-api-key": secret})
        assert sorted(path.name for path in home.iterdir()) == before
        reply = server.http.get("/api/qwen3mlx/keys", headers=server.person)
        used = reply.json()["keys"][0]["last_used"]
        assert used is not None
    assert KeyStore().keys()[0].last_used == used
    written = json.loads((home / "key-use.json").read_text())
    assert list(written.values()) == [used]


def test_wrong_keys_are_held_up_and_right_ones_are_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(wrong_keys.WrongKeys.__init__, "__defaults__", (sleep,))
    secret = KeyStore().create("laptop")
    with live_server() as server:
        for number in range(12):
            headers = {"x-api-key": f"guess {number}"}
            assert server.http.get("/v1/models", headers=headers).status_code == 401
        assert server.http.get("/v1/models").status_code == 401  # no key is no guess
        held_up = list(pauses)
        assert server.http.get("/v1/models", headers={"x-api-key": secret}).status_code == 200
    assert len(held_up) == len(pauses) == 12
    assert pauses == sorted(pauses)
    assert pauses[-1] == wrong_keys.LONGEST


def test_only_the_person_can_read_the_state(home: Path) -> None:
    """Even with a permissive umask, and for files of an earlier version."""
    before = os.umask(0)
    try:
        home.mkdir(mode=0o777)
        for name in ("models.json", "history", "conversations.sqlite", "conversations.sqlite-wal"):
            (home / name).write_text("{}")
        (home / "mine.txt").write_text("not the program's")
        keep_private()
        KeyStore().create("laptop")
        with live_server() as server:
            server.http.get("/v1/models", headers=server.person)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
        fresh = home.parent / "a" / "b"
        KeyStore(fresh).create("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert modes.pop("mine.txt") == 0o666
    assert {"api-keys.json", "history", "conversations.sqlite-wal"} < set(modes)
    assert set(modes.values()) == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (fresh, fresh.parent)} == {0o700}


def test_needed_for_knows_what_is_nothing() -> None:
    assert needed_for("GET", "/nowhere") is None
    assert needed_for("PUT", "/api/qwen3mlx/keys") is None
    assert needed_for("GET", "/v1/models/a/b c") == "inference"
    assert needed_for("GET", "/api/qwen3mlx/keys") == "admin"
