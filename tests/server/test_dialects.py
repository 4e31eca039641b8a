"""Dialects are imported with their first request, and all of their paths work."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.dialects import LAZY, Dialect
from qwen3mlx.server.settings import ServerSettings

LOADED = """
import sys
from qwen3mlx.server.run import Server
from qwen3mlx.server.settings import ServerSettings
Server(ServerSettings(port=0), on_ready=print).close()
print([name for name in {names} if name in sys.modules])
"""


def paths(routes: list[Any]) -> list[str]:
    found = []
    for route in routes:
        if inner := getattr(route, "original_router", None):
            prefix = route.include_context.prefix
            found += [prefix + path for path in paths(inner.routes)]
        else:
            found.append(route.path)
    return found


@pytest.mark.parametrize("dialect", LAZY, ids=lambda dialect: dialect.package)
def test_every_path_of_a_dialect_brings_it_in(dialect: Dialect) -> None:
    found = paths(dialect.load().router.routes)
    assert found
    assert [path for path in found if not dialect.claims(path)] == []


def test_a_server_is_healthy_without_them_and_what_they_need() -> None:
    packages = [f"qwen3mlx.server.dialects.{dialect.package}" for dialect in LAZY]
    libraries = ["fastapi", "pydantic", "jinja2", "prometheus_client", "tokenizers"]
    code = LOADED.format(names=[*packages, *libraries])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


READY = """
import asyncio, signal, sys
from qwen3mlx.server.run import Server
from qwen3mlx.server.settings import ServerSettings
def ready(url):
    print("qwen3mlx.server.dialects.openai" in sys.modules)
    server.handle_exit(signal.SIGTERM, None)
server = Server(ServerSettings(port=0), on_ready=ready)
asyncio.run(server.serve_until_told())
"""


def test_openai_is_imported_by_the_time_the_server_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first request does not wait for that."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", READY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


REHEARSED = """
import asyncio, signal, sys
from qwen3mlx.server import run
from qwen3mlx.server.settings import ServerSettings
run.REHEARSE_AFTER = 0
def ready(url):
    print("jinja2" in sys.modules)
    rehearse = server.service.rehearse
    async def rehearse_and_stop():
        await rehearse()
        (slot,) = server.service.engine.resident.values()
        print(len(slot.loaded.tokenizer._templates), "jinja2" in sys.modules)
        server.handle_exit(signal.SIGTERM, None)
    server.service.rehearse = rehearse_and_stop
server = run.Server(ServerSettings(port=0, model="demo"), on_ready=ready)
asyncio.run(server.serve_until_told())
"""


def test_a_server_that_is_ready_prepares_for_the_first_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its template needs a library that no start waits for."""
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    code = [sys.executable, "-c", REHEARSED]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1", "True"]


def test_the_description_has_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    settings = ServerSettings(port=0)
    api = asyncio.run(create_app(Service(settings), settings).state.api.including([]))
    assert "/v1/messages" not in paths(api.routes)
    described = api.openapi()["paths"]
    assert {"/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/chat"} <= set(described)
    assert {"/api/v0/models", "/api/v1/chat"} <= set(described)


@pytest.mark.parametrize(
    ("headers", "key"), [({}, "object"), ({"anthropic-version": "2023-06-01"}, "has_more")]
)
def test_whose_list_of_models_it_is_says_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], key: str
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    settings = ServerSettings(port=0)
    with TestClient(create_app(Service(settings), settings), "http://127.0.0.1") as client:
        for _ in range(2):
            assert key in client.get("/v1/models", headers=headers).json()


DESCRIBED = """
import asyncio, json, sys
from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.settings import ServerSettings
if {plain}:
    import fastapi
settings = ServerSettings(port=0)
api = asyncio.run(create_app(Service(settings), settings).state.api.including([]))
print(json.dumps([api.openapi(), sys.modules.get("pydantic.v1") is not None]))
"""


def test_a_lean_fastapi_describes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    lean, plain = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", DESCRIBED.format(plain=plain)],
                capture_output=True, check=True,
            ).stdout
        )
        for plain in (False, True)
    )  # fmt: skip
    assert lean[0] == plain[0]
    assert (lean[1], plain[1]) == (False, True)
