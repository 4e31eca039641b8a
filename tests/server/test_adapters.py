"""Models with adapters over HTTP: each has a name of its own, and all share one base."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.adapters import demo_adapter, peft_adapter

from .live import LiveServer, live_server

ASKED: dict[str, Any] = {
    "messages": [{"role": "user", "content": "How many r's are in strawberry?"}]
}
ASKED |= {"temperature": 0, "max_tokens": 12, "enable_thinking": False}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    parent = tmp_path_factory.mktemp("adapters")
    folders = [str(demo_adapter(parent / name, seed=i)) for i, name in enumerate("abc")]
    wrong = peft_adapter(parent / "wrong", {"model.layers.0.self_attn.q_proj": (64, 64)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(parent / "home"))
        with live_server(model="demo", adapter=(*folders, str(wrong))) as server:
            yield server


def answer(server: LiveServer, model: str) -> str:
    done = server.http.post("/v1/chat/completions", json=ASKED | {"model": model})
    assert done.status_code == 200, done.text
    return str(done.json()["choices"][0]["message"]["content"])


def test_each_is_a_model(server: LiveServer) -> None:
    listed = [model["id"] for model in server.http.get("/v1/models").json()["data"]]
    assert {"demo", "demo+a", "demo+b", "demo+c"} <= set(listed)
    assert server.http.get("/v1/models/demo+a").json()["id"] == "demo+a"
    tags = [model["name"] for model in server.http.get("/api/tags").json()["models"]]
    assert any(name.startswith("demo+a") for name in tags)


def test_requests_choose_without_a_load(server: LiveServer) -> None:
    names = ["demo", "demo+a", "demo+b", "demo+c"]
    alone = [answer(server, name) for name in names]
    assert len(set(alone)) == 4
    engine = server.service.engine
    before = engine.resident
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda name: answer(server, name), names * 2))
    assert together == alone * 2
    assert engine.resident == before
    base = before["demo"].nbytes
    shared = sum(before[name].nbytes for name in names[1:])
    assert engine.stats().weight_bytes == base + shared
    assert shared < base


def test_memory_by_model_and_unloading(server: LiveServer) -> None:
    answer(server, "demo+b")
    told = {model["name"]: model for model in server.http.get("/api/ps").json()["models"]}
    assert any(name.startswith("demo+b") for name in told)
    loaded = server.http.post(
        "/api/v1/models/load", json={"model": "demo+b", "context_length": 900}
    )
    assert loaded.status_code == 200, loaded.text
    resident = server.service.engine.resident
    assert resident["demo+b"].loaded.config.max_position_embeddings == 900
    assert resident["demo"].loaded.config.max_position_embeddings == 900
    assert server.service.model_settings.load("demo").context_length == 900
    server.http.post("/api/v1/models/unload", json={"instance_id": "demo"})
    assert not server.service.engine.resident
    assert answer(server, "demo+b")


def test_wrong_ones_get_one_line(server: LiveServer) -> None:
    for name, words in (("demo+wrong", "for a matrix"), ("demo+x", "there are: a, b, c")):
        done = server.http.post("/v1/chat/completions", json=ASKED | {"model": name})
        assert done.status_code >= 400
        assert words in done.json()["error"]["message"]
    assert answer(server, "demo+a")
