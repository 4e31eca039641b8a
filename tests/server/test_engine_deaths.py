"""When the engine's thread ends: what clients and /health report, and that it is restarted."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tokenizers import pre_tokenizers

from qwen3mlx.engine import engine as engine_module
from qwen3mlx.engine.scheduler import Scheduler

from .live import LiveServer, live_server

ENDLESS = {"min_tokens": 3000, "max_tokens": 3000}
MESSAGES = [{"role": "user", "content": "hello"}]
STREAMS = {
    "/v1/chat/completions": {"messages": MESSAGES, "stream": True, **ENDLESS},
    "/v1/completions": {"prompt": "Once", "stream": True, **ENDLESS},
    "/v1/responses": {"input": "hello", "stream": True},
    "/v1/messages": {"messages": MESSAGES, "stream": True, "max_tokens": 3000},
    "/api/chat": {"messages": MESSAGES, "stream": True, "options": {"num_predict": 3000}},
    "/api/v1/chat": {"input": "hello", "stream": True},
}


@pytest.fixture
def own_server() -> Iterator[LiveServer]:
    with live_server() as server:
        yield server


def panic(*args: object) -> None:
    pre_tokenizers.FixedLength(length=0).pre_tokenize_str("abc")


def stream(server: LiveServer, path: str, begun: threading.Barrier) -> str:
    body = {"model": "demo", **STREAMS[path]}
    with httpx.stream("POST", server.url + path, json=body, timeout=30) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        begun.wait(20)
        return "\n".join([first, *lines])


def test_every_dialect_is_told_and_the_next_request_is_answered(
    own_server: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"model": "demo", "messages": MESSAGES, "max_tokens": 4}
    assert own_server.http.post("/v1/chat/completions", json=body).status_code == 200
    gate = threading.Event()
    step = Scheduler.step

    def step_by_step(scheduler: Scheduler, elsewhere_s: float) -> None:
        """Short answers must not be over before the fault."""
        step(scheduler, elsewhere_s)
        gate.wait(0.02)

    monkeypatch.setattr(Scheduler, "step", step_by_step)
    begun = threading.Barrier(len(STREAMS) + 1)
    with ThreadPoolExecutor(len(STREAMS)) as pool:
        running = [pool.submit(stream, own_server, path, begun) for path in STREAMS]
        begun.wait(20)
        monkeypatch.setattr(Scheduler, "step", panic)
        texts = [future.result(20) for future in running]
    monkeypatch.setattr(Scheduler, "step", step)
    for text in texts:
        assert "The engine failed (PanicException): send the request again." in text
    health = own_server.http.get("/health")
    assert health.status_code == 200
    assert health.json() == {
        "status": "ok",
        "engine_restarts": 1,
        "last_fault": "PanicException",
    }
    assert "qwen3mlx_engine_restarts 1.0" in own_server.http.get("/metrics").text
    again = own_server.http.post("/v1/chat/completions", json=body)
    assert again.status_code == 200
    assert again.json()["usage"]["completion_tokens"] > 0
    assert "Traceback" not in json.dumps(texts)


def test_a_request_that_is_not_streamed_gets_503(
    own_server: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Scheduler, "step", panic)
    body = {"model": "demo", "prompt": "Once", "max_tokens": 4}
    answer = own_server.http.post("/v1/completions", json=body)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith("The engine failed")
    embedding = own_server.http.post("/v1/embeddings", json={"model": "demo", "input": "a"})
    assert embedding.status_code == 503
    monkeypatch.undo()
    assert own_server.http.post("/v1/completions", json=body).status_code == 200


def test_a_step_without_end_shows_in_health_and_log(
    own_server: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_module, "STUCK", 0.2)
    release = threading.Event()
    step = Scheduler.step

    def hang(scheduler: Scheduler, elsewhere_s: float) -> None:
        release.wait(20)
        step(scheduler, elsewhere_s)

    monkeypatch.setattr(Scheduler, "step", hang)
    body = {"model": "demo", "prompt": "Once", "max_tokens": 4}
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(own_server.http.post, "/v1/completions", json=body)
        patience = time.monotonic() + 20
        with httpx.Client(base_url=own_server.url) as other:
            while (health := other.get("/health")).status_code == 200 or not caplog.records:
                assert time.monotonic() < patience
                time.sleep(0.02)
        assert health.json()["status"].startswith("The engine has made no progress for")
        release.set()
        assert answer.result(20).status_code == 200
    assert own_server.http.get("/health").json() == {"status": "ok"}
    told = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [r.getMessage().startswith("The engine has made no progress") for r in told] == [True]
