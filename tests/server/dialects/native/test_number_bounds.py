"""Numbers over HTTP that JSON cannot hold, or that are invalid for their field."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...live import LiveServer

BAD = ["NaN", "Infinity", "-Infinity", "1e999", "-1", "1e300", '"1"', "true", "[]"]


@pytest.mark.parametrize(
    ("method", "path", "field", "rest"),
    [
        ("PATCH", "/api/qwen3mlx/settings", "port", ""),
        ("PATCH", "/api/qwen3mlx/settings", "ttl", ""),
        ("PATCH", "/api/qwen3mlx/settings", "memory_limit", ""),
        ("PATCH", "/api/qwen3mlx/settings", "prefix_cache", ""),
        ("PATCH", "/api/qwen3mlx/settings", "max_running", ""),
        ("PATCH", "/api/qwen3mlx/settings", "max_waiting", ""),
        ("PUT", "/api/qwen3mlx/models/settings", "ttl", '"model": "demo", '),
        ("PUT", "/api/qwen3mlx/models/settings", "context_length", '"model": "demo", '),
        ("PUT", "/api/qwen3mlx/models/settings", "kv_bits", '"model": "demo", '),
        ("POST", "/api/v1/models/load", "ttl", '"model": "demo", '),
        ("POST", "/api/v1/models/load", "context_length", '"model": "demo", '),
        ("POST", "/v1/completions", "ttl", '"model": "demo", "prompt": "a", '),
        ("POST", "/v1/embeddings", "ttl", '"model": "demo", "input": "a", '),
    ],
)
def test_what_cannot_be_is_named(
    server: LiveServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    field: str,
    rest: str,
) -> None:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    for value in BAD:
        body = f'{{{rest}"{field}": {value}}}'
        answer = server.http.request(method, path, content=body, headers=server.person)
        assert answer.status_code == 400, (value, answer.text)
        error = answer.json()["error"]
        assert field in error["message"], (value, error)
    assert list(tmp_path.iterdir()) == []
