"""A stream whose thoughts are not sent shows that it is alive."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.server.http import respond

from .live import LiveServer

BODY: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "What is 2+2?"}],
    "max_tokens": 100,
    "temperature": 0,
    "stream": True,
}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 60}}
ALIVE = ": generating"


@pytest.mark.parametrize(
    ("path", "shown", "hidden", "answer"),
    [
        ("/v1/chat/completions", {}, {"include_reasoning": False}, '"content":'),
        ("/v1/chat/completions", {}, {"reasoning": {"exclude": True}}, '"content":'),
        (
            "/v1/messages",
            THINKING,
            {"thinking": {**THINKING["thinking"], "display": "omitted"}},
            "text_delta",
        ),
    ],
)
def test_a_silent_stream_has_comments(
    server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    shown: dict[str, Any],
    hidden: dict[str, Any],
    answer: str,
) -> None:
    monkeypatch.setattr(respond, "QUIET_S", 0.0)
    silent = server.http.post(path, json={**BODY, **hidden}).text
    before, _, after = silent.partition(answer)
    assert before.count(f"{ALIVE}\n\n") > 1
    assert after
    assert server.http.post(path, json={**BODY, **shown}).text.count(ALIVE) <= 1  # for a marker
    monkeypatch.undo()
    assert ALIVE not in server.http.post(path, json={**BODY, **hidden}).text


def test_lines_of_json_have_none(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respond, "QUIET_S", 0.0)
    body = {**BODY, "options": {"num_predict": 20, "temperature": 0}, "think": True}
    lines = server.http.post("/api/chat", json=body).text.splitlines()
    assert all(line.startswith("{") for line in lines)
