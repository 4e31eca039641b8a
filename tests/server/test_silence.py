"""A stream that has nothing to say shows that it is alive."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.server.http import sse

from .live import LiveServer

BODY: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is 2+2?"}],
    "max_tokens": 100,
    "temperature": 0,
    "stream": True,
}
THINKING = {"type": "enabled", "budget_tokens": 60, "display": "omitted"}
# No grammar holds this, so the answer is checked, and sent, when it is complete.
CHECKED = {
    "type": "json_schema",
    "json_schema": {
        "name": "numbers",
        "schema": {
            "type": "array",
            "items": {"enum": list(range(40))},
            "minItems": 12,
            "maxItems": 12,
            "uniqueItems": True,
        },
    },
}
ALIVE = sse.ALIVE.decode()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "QUIET_S", 0.002)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("path", "more", "answer"),
    [
        ("/v1/chat/completions", {"include_reasoning": False}, '"content":'),
        ("/v1/chat/completions", {"reasoning": {"exclude": True}}, '"content":'),
        ("/v1/messages", {"thinking": THINKING}, "text_delta"),
        (
            "/v1/chat/completions",
            {"response_format": CHECKED, "enable_thinking": False, "temperature": 2, "seed": 1},
            '"content":"[',
        ),
    ],
)
def test_a_silent_stream_has_comments(
    server: LiveServer, path: str, more: dict[str, Any], answer: str
) -> None:
    text = server.http.post(path, json={**BODY, **more}).text
    before, _, after = text.partition(answer)
    assert before.count(ALIVE) > 1
    assert after


@pytest.mark.usefixtures("soon")
def test_what_waits_for_news_has_comments(server: LiveServer) -> None:
    for path in ("/log", "/models/events"):
        with server.http.stream(
            "GET", f"/api/qwen3mlx{path}", headers=server.person, params={"after": 2**31}
        ) as reply:
            lines = reply.iter_lines()
            assert next(line for line in lines if line == ALIVE.strip())


def test_a_stream_that_has_something_to_say_has_none(server: LiveServer) -> None:
    assert ALIVE not in server.http.post("/v1/chat/completions", json=BODY).text


@pytest.mark.usefixtures("soon")
def test_lines_of_json_have_none(server: LiveServer) -> None:
    body = {**BODY, "options": {"num_predict": 20, "temperature": 0}, "think": True}
    lines = server.http.post("/api/chat", json=body).text.splitlines()
    assert all(line.startswith("{") for line in lines)
