"""Errors reveal no more than what is wrong; untrusted data is shown as plain text everywhere."""

from __future__ import annotations

import itertools
import json
import logging
import random
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

import qwen3mlx
from qwen3mlx.library import DEMOS
from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.http.logs import OneLine
from qwen3mlx.server.http.safe_headers import SAFE_HEADERS
from qwen3mlx.server.http.scopes import TABLE
from qwen3mlx.server.settings import ServerSettings
from tests.support.places import IMPORT_PATH

from ..server import raw
from ..server.live import LiveServer, live_server

SHORT = 200
LONG = "Z" * 5000
RUNS = ("Z" * (SHORT + 1), "9" * (SHORT + 1))
FORGED = "x\n2026-01-01 00:00:00 INFO POST /forged 200\r\x1b[31m\u202e\u2028\x85y"
SCHEMA = {
    "type": "object",
    "properties": {LONG: {"type": LONG, "pattern": f"({LONG}"}, FORGED: {"$ref": f"#/{LONG}"}},
    "required": [LONG, FORGED],
}
FUNCTION = {"name": LONG, "description": FORGED, "parameters": SCHEMA}
EVIL: dict[str, Any] = {
    "long": LONG,
    "forged": FORGED,
    "long list": [LONG] * 3,
    "long key": {LONG: 1},
    "forged key": {FORGED: {FORGED: FORGED}},
    "nested": {"type": LONG, "function": {"name": LONG}, "id": FORGED},
    "nested list": [{"type": LONG, "role": LONG, "content": FORGED, "name": FORGED}],
    "number": int("9" * 400),
    "half": "\ud800" * 300,
    "schema": SCHEMA,
    "format": {"type": "json_schema", "json_schema": {"name": LONG, "schema": SCHEMA}},
    "pattern": {"type": "regex", "regex": f"({LONG}", "pattern": f"[{LONG}"},
    "tools": [{"type": "function", "name": LONG, "input_schema": SCHEMA, "function": FUNCTION}],
    "choice": {"type": "function", "name": LONG, "function": {"name": LONG}},
    "results": [
        {"role": "user", "content": [{"type": LONG, "text": FORGED}]},
        {"role": "assistant", "content": "", "tool_calls": [{"id": LONG, "function": FUNCTION}]},
        {"role": "tool", "tool_call_id": f"{LONG}!", "content": LONG, "name": LONG},
    ],
    "items": [
        {"type": "item_reference", "id": LONG},
        {"type": "function_call_output", "call_id": LONG, "output": FORGED},
    ],
}
# Fields that routes need to get past their first complaint.
USUAL = {
    "model": "demo",
    "name": "demo",
    "messages": [{"role": "user", "content": "Hi"}],
    "prompt": "Hi",
    "input": "Hi",
    "max_tokens": 1,
    "max_output_tokens": 1,
    "stream": True,  # an answer that is made after all is left at its beginning
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with its own state and home folders."""
    home = tmp_path_factory.mktemp("ada lovelace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("QWEN3MLX_HOME", str(home / "state"))
        with live_server(model="demo") as running:
            yield running


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(strings, [*value, *value.values()]))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(strings, value))


def complaints(reply: httpx.Response) -> list[str]:
    """Return the parts of a refusal that reveal too much."""
    if reply.status_code < 400:
        return []
    texts = [*strings(reply.json()), *reply.headers.values()]
    found = [f"{text[:300]}..." for text in texts if any(run in text for run in RUNS)]
    found += [f"{len(text)} characters" for text in texts if len(text) > 2500]
    found += [f"unprintable: {text[:80]!r}" for text in texts if not text.isprintable()]
    return found


def bodies(server: LiveServer) -> dict[tuple[str, str], list[str]]:
    """Return the fields of every route that takes a body."""
    schema = server.http.get("/openapi.json").json()
    found = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            reference = json.dumps(content)
            names = [
                name
                for title, fields in schema["components"]["schemas"].items()
                if f'/{title}"' in reference
                for name in fields.get("properties", {})
            ]
            if names:
                found[method.upper(), path] = names
    return found


def cases(server: LiveServer) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for (method, path), names in bodies(server).items():
        usual = {name: value for name, value in USUAL.items() if name in names}
        answered = {"input", "prompt"} if path in ("/api/embed", "/api/embeddings") else set()
        asked = [name for name in (*names, "unknown") if name not in answered]  # cut, and computed
        for name, value in itertools.product(asked, EVIL.values()):
            yield method, path, {**usual, name: value}
        for value in EVIL.values():
            yield method, path, value


def ask(server: LiveServer, method: str, path: str, body: Any) -> list[str]:
    text, headers = json.dumps(body), headers_for(path, server)
    with server.http.stream(method, path, content=text, headers=headers) as reply:
        if reply.headers["content-type"].startswith("application/json"):
            reply.read()
            return [f"{method} {path} {text[:100]}: {one}" for one in complaints(reply)]
    return []


def headers_for(path: str, server: LiveServer) -> dict[str, str]:
    """Use the user's token where another would not get as far as the value."""
    is_admin = any(row == path and need == "admin" for (_, row), need in TABLE.items())
    return dict(server.person) if is_admin else {}


def test_values_in_bodies(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    every = list(cases(server))
    assert len(every) > 3000
    chosen = random.Random(5).sample(every, 100)
    assert [wrong for case in chosen for wrong in ask(server, *case)] == []


@pytest.mark.slow
def test_all_values_in_bodies(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    wrong = [found for case in cases(server) for found in ask(server, *case)]
    assert wrong == []
    assert server.http.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize("value", [LONG, FORGED, "../../../etc/passwd", "\ud800"])
def test_values_in_paths_queries_and_headers(server: LiveServer, value: str) -> None:
    quoted = urllib.parse.quote(value.encode("utf-8", "replace"), safe="")
    wrong = []
    for method, path in TABLE:
        if method == "POST" and path.startswith("/api/qwen3mlx/models"):
            continue
        if path.endswith("/events"):
            continue  # a stream without end, which takes nothing
        for name in ("model_id:path", "response_id", "conversation_id", "item_id", "job_id"):
            path = path.replace(f"{{{name}}}", quoted)
        query = "&".join(
            f"{name}={quoted}" for name in ("model", "after", "limit", "order", "name")
        )
        if path.endswith(("/log", "/settings", "/keys")):
            query += "&after_id=x"
        body: dict[str, Any] | None = None if method == "GET" else {}
        reply = server.http.request(method, f"{path}?{query}&path={quoted}", json=body)
        wrong += [f"{method} {path[:60]}: {one}" for one in complaints(reply)]
    for name in ("content-encoding", "origin", "x-api-key", "host", "anthropic-version"):
        header = "".join(char for char in value if char.isprintable()).encode()
        reply = server.http.post("/v1/messages", content=b"{", headers=[(name.encode(), header)])
        wrong += [f"{name}: {one}" for one in complaints(reply)]
    assert wrong == []


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """One with a checkpoint in a folder below the home that lacks a file, and one that is bad."""
    home = tmp_path / "ada lovelace"
    for name, file in (("bad", "config.json"), ("badder", "tokenizer.json")):
        folder = home / "My Models" / "ada" / name
        folder.mkdir(parents=True)
        for path in DEMOS["demo"].iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / file).write_text("{" if file == "config.json" else '{"model": {}}')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QWEN3MLX_HOME", str(home / "state"))
    (home / "state").mkdir()
    settings = {"model_folders": [str(home / "My Models")]}
    (home / "state" / "settings.json").write_text(json.dumps(settings))
    with live_server() as running:
        yield running


def test_no_folder_of_the_user_is_revealed(broken: LiveServer) -> None:
    asked = [
        ("GET", "/api/qwen3mlx/models", None),
        ("GET", "/props?model=demo", None),
        ("GET", "/v1/models", None),
        ("POST", "/v1/completions", {"model": "ada/badder", "prompt": "Hi"}),
        ("POST", "/v1/chat/completions", {"model": "ada/badder", "messages": USUAL["messages"]}),
        ("POST", "/v1/messages", {"model": "ada/badder", **USUAL}),
        ("POST", "/api/show", {"model": "ada/badder"}),
        ("POST", "/api/qwen3mlx/models/load", {"model": "ada/badder"}),
        ("POST", "/api/qwen3mlx/tokens", {"model": "ada/badder", "texts": ["Hi"]}),
        ("POST", "/api/v1/models/load", {"model": "ada/badder"}),
    ]
    told = {}
    for method, path, body in asked:
        for who, headers in (("anybody", {}), ("person", broken.person)):
            reply = broken.http.request(method, path, json=body, headers=headers)
            told[who, method, path] = reply.text
    anybodys = [text for (who, *_), text in told.items() if who == "anybody"]
    assert not [text for text in anybodys if "lovelace" in text or "My Models" in text]
    assert any("tokenizer.json" in text for text in anybodys)
    persons = [text for (who, *_), text in told.items() if who == "person"]
    assert sum("ada lovelace/My Models" in text for text in persons) > 3


def test_headers_of_every_answer(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    replies = []
    for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT"):
        for path in ("/", "/v1/models", "/nowhere", "/v1/chat/completions", "/docs", "/metrics"):
            replies.append(server.http.request(method, path, content=b"{"))
    replies.append(server.http.get("/v1/models", headers={"Host": "evil.example"}))
    replies.append(
        server.http.post("/tokenize", json={}, headers={"Origin": "https://evil.example"})
    )
    stream = {"model": "demo", "prompt": "Hi", "max_tokens": 1, "stream": True}
    replies.append(server.http.post("/v1/completions", json=stream))
    replies.append(server.http.post("/api/generate", json={"model": "demo", "prompt": "Hi"}))
    statuses = {reply.status_code for reply in replies}
    assert statuses >= {200, 204, 400, 403, 404, 405}
    for reply in replies:
        for name, value in SAFE_HEADERS:
            assert value in reply.headers[name], (reply.request.method, reply.url, name)
        assert reply.headers.get_list("cache-control") == ["no-store"]
    for head in ("GET / HTTP/1.1\r\nHost: a b\x00\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        check_raw(raw.exchange(server.port, head.encode()).decode())
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    check_raw(
        raw.exchange(
            server.port, f"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n".encode()
        ).decode()
    )


def check_raw(reply: str) -> None:
    head = reply.partition("\r\n\r\n")[0].lower()
    for name, value in SAFE_HEADERS:
        assert f"{name}: {value}".lower() in head, reply


def test_a_fault_has_them_too(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(self: Service) -> None:
        raise ZeroDivisionError(FORGED)

    monkeypatch.setattr(Service, "models", fail)
    reply = server.http.get("/v1/models")
    assert reply.status_code == 500
    assert "forged" not in reply.text
    for name, value in SAFE_HEADERS:
        assert reply.headers[name] == value
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    lines = OneLine("%(levelname)s %(message)s").format(record).split("\n")
    assert lines[0] == "ERROR A request failed"
    assert all(line.startswith("    ") and line.isprintable() for line in lines[1:])


def test_a_record_is_one_line_without_keys() -> None:
    name = f"{FORGED} sk-qwen3mlx-0123456789_-abc"
    record = logging.LogRecord("x", logging.INFO, "", 0, "model %s", (name,), None)
    text = OneLine("%(asctime)s %(levelname)s %(message)s").format(record)
    assert text.isprintable()
    assert r"x\n2026-01-01" in text
    assert text.endswith("sk-qwen3mlx-...")


def test_names_in_requests_forge_no_line_of_the_log(tmp_path: Path) -> None:
    """The program itself, its log read as a person or a collector reads it."""
    code = "from qwen3mlx.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--log-prompts"]
    with subprocess.Popen(
        [*command, "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"QWEN3MLX_HOME": str(tmp_path), "PYTHONPATH": IMPORT_PATH},
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        quoted = urllib.parse.quote(FORGED)
        body = json.dumps({"model": FORGED, "prompt": FORGED, "tools": [{"name": FORGED}]})
        sent = [(f"/v1/models/{quoted}", None), ("/v1/completions", body.encode())]
        for path, data in sent:
            request = urllib.request.Request(url + path, data, {"User-Agent": "a\x1b[31mb"})
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=20)
            caught.value.close()
        _, log = process.communicate("", timeout=20)
    lines = log.removesuffix("\n").split("\n")
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.startswith("2026-01-01 00:00:00")] == []
    assert sum("POST /v1/completions" in line for line in lines) == 1
    assert "/forged" in log


def test_far_callers_get_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    settings = ServerSettings(port=0)
    app = create_app(Service(settings), settings)
    far = TestClient(app, "http://a.local", client=("192.168.1.9", 5))
    reply: Any = far.post("/v1/embeddings", json={"model": str(tmp_path / "x"), "input": "Hi"})
    assert complaints(reply) == []


def test_values_are_quoted_by_the_one_function() -> None:
    """`!r` in an f-string has no limit; `quoting.quoted` has.

    child_process.py writes a path of its own into a program.
    """
    package = Path(qwen3mlx.__file__).parent
    using = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"!r[}:]", path.read_text(encoding="utf-8"))
    }
    assert using <= {"__init__.py", "child_process.py"}
