"""The log's content for a request, and what it omits."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from qwen3mlx.server.core.service import Service

from ..live import LiveServer, live_server


@pytest.fixture(autouse=True)
def _silent_client() -> Iterator[None]:
    """httpx logs the addresses it requests."""
    logger = logging.getLogger("httpx")
    logger.disabled = True
    yield
    logger.disabled = False


def ask(server: LiveServer) -> None:
    body = {"model": "demo", "prompt": "a secret prompt", "max_tokens": 2}
    server.http.post("/v1/completions?key=hidden", json=body, headers={"x-api-key": "a secret key"})


def test_a_line_for_each_request_without_its_prompt(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), live_server() as server:
        ask(server)
        server.http.get("/v1/a%0Ab")
    assert "POST /v1/completions 200" in caplog.text
    assert r"GET /v1/a\nb 404" in caplog.text
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text


def test_prompts_and_answers_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), live_server(log_prompts=True) as server:
        ask(server)
    assert "a secret prompt" in caplog.text
    assert "text_completion" in caplog.text
    assert "a secret key" not in caplog.text


def test_a_fault_is_logged_and_answered(
    server: LiveServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Service) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Service, "models", fail)
    for path in ("/v1/models", "/api/tags"):
        answer = server.http.get(path)
        assert answer.status_code == 500
        assert "ZeroDivisionError" in answer.text
        assert "secret detail" not in answer.text
    faults = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info is not None for record in faults] == [True, True]
