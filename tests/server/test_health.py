"""Health, metrics and the API documentation page."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from qwen3mlx.server.app import create_app
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.settings import ServerSettings

from .live import LiveServer


def samples(server: LiveServer) -> dict[tuple[str, ...], float]:
    """Name and label values -> value."""
    text = server.http.get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def chat(server: LiveServer, content: str, max_tokens: int = 4) -> httpx.Response:
    body = {
        "model": "demo",
        "messages": [{"role": "user", "content": content}],
        "max_tokens": max_tokens,
    }
    return server.http.post("/v1/chat/completions", json=body)


def test_root_says_where_things_are(server: LiveServer) -> None:
    places = server.http.get("/").json()
    assert places["name"] == "qwen3mlx"
    for place in (places["docs"], places["health"], places["openai"] + "/models"):
        assert server.http.get(place).status_code == 200
    assert server.http.head("/").status_code == 200


def test_a_server_without_an_engine_is_not_healthy(server: LiveServer) -> None:
    assert server.http.get("/health").json() == {"status": "ok"}
    settings = ServerSettings(port=0)
    service = Service(settings)
    with TestClient(create_app(service, settings), "http://localhost") as http:
        service.engine.close()
        answer = http.get("/health")
    assert answer.status_code == 503
    assert "engine" in answer.json()["status"]


def test_metrics_count_tokens_and_requests(server: LiveServer) -> None:
    before = samples(server)
    usage = chat(server, "hello there").json()["usage"]
    after = samples(server)

    def added(*key: str) -> float:
        return after[key] - before.get(key, 0)

    assert added("qwen3mlx_prompt_tokens_total") == usage["prompt_tokens"]
    assert added("qwen3mlx_completion_tokens_total") == usage["completion_tokens"] == 4
    cached = usage["prompt_tokens_details"]["cached_tokens"]
    assert added("qwen3mlx_cached_tokens_total") == cached
    assert added("qwen3mlx_time_to_first_token_seconds_count") == 1
    assert added("qwen3mlx_answer_seconds_count") == 1
    assert added("qwen3mlx_requests_total", "/v1/chat/completions", "200") == 1
    assert after["qwen3mlx_loaded_models",] >= 1
    assert after["qwen3mlx_weight_bytes",] > 0


def test_metrics_have_no_label_that_a_client_chooses(server: LiveServer) -> None:
    server.http.get("/secret-path?key=secret-query", headers={"x-api-key": "secret-key"})
    chat(server, "secret-prompt", max_tokens=1)
    assert "secret" not in server.http.get("/metrics").text


def test_openapi_describes_every_dialect(server: LiveServer) -> None:
    description = server.http.get("/openapi.json").json()
    expected = {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        "/v1/embeddings",
        "/api/v0/models",
        "/api/v1/chat",
        "/api/chat",
        "/api/qwen3mlx/models/load",
        "/tokenize",
        "/health",
        "/metrics",
    }
    assert expected <= set(description["paths"])
    responses = description["paths"]["/v1/chat/completions"]["post"]["responses"]
    assert set(responses) == {"200", "400"}
    json.dumps(description, allow_nan=False)


def test_docs_need_nothing_from_elsewhere(server: LiveServer) -> None:
    page = server.http.get("/docs")
    assert page.status_code == 200
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:)?//", page.text)
    assert 'fetch("openapi.json")' in page.text


@pytest.mark.parametrize("path", ["/metrics", "/health", "/docs"])
def test_unknown_methods_are_refused(server: LiveServer, path: str) -> None:
    answer = server.http.delete(path)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"
