"""Released models have the modes and the settings of their cards, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

THINKING, CODER = "Qwen3-4B-Thinking-2507-4bit", "Qwen3-Coder-30B-A3B-Instruct-4bit"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}
SWITCHES: list[tuple[str, bool, dict[str, Any], str]] = [
    ("/v1/chat/completions", on, {**CHAT, **field}, name)
    for on in (True, False)
    for name, field in (
        ("enable_thinking", {"enable_thinking": on}),
        ("chat_template_kwargs", {"chat_template_kwargs": {"enable_thinking": on}}),
    )
] + [
    *(("/api/chat", on, {**CHAT, "think": on, "stream": False}, "think") for on in (True, False)),
    *(
        ("/v1/responses", on, {"input": "Hi", "enable_thinking": on}, "enable_thinking")
        for on in (True, False)
    ),
    (
        "/v1/messages",
        False,
        {**CHAT, "max_tokens": 9, "thinking": {"type": "disabled"}},
        "thinking",
    ),
]


@pytest.fixture(scope="module", params=[THINKING, CODER])
def fixed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LiveServer, str]]:
    folder = tmp_path_factory.mktemp("models") / request.param
    write_scripted_checkpoint(folder, [answer("Fine.")])
    with live_server(model=str(folder)) as server:
        yield server, request.param


@pytest.mark.parametrize(("path", "on", "body", "param"), SWITCHES)
@pytest.mark.usefixtures("caplog")
def test_a_switch_that_it_does_not_have_is_refused(
    fixed: tuple[LiveServer, str], path: str, on: bool, body: dict[str, Any], param: str
) -> None:
    server, name = fixed
    reply = server.http.post(path, json={"model": name, **body})
    thinks = name == THINKING
    assert reply.status_code == (200 if on == thinks else 400), reply.text
    if on != thinks:
        does = "always thinks" if thinks else "does not support thinking"
        assert f"{name} {does}; omit {param}." in reply.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {**CHAT, "reasoning_effort": "low"}),
        ("/v1/messages", {**CHAT, "max_tokens": 9}),
        ("/v1/messages", {**CHAT, "max_tokens": 9, "thinking": {"type": "adaptive"}}),
        ("/api/chat", {**CHAT, "stream": False}),
    ],
)
@pytest.mark.usefixtures("caplog")
def test_an_effort_is_no_switch(
    fixed: tuple[LiveServer, str], path: str, body: dict[str, Any]
) -> None:
    server, name = fixed
    reply = server.http.post(path, json={"model": name, **body})
    assert reply.status_code == 200, reply.text


def test_its_settings_are_its_cards(fixed: tuple[LiveServer, str]) -> None:
    server, name = fixed
    params = server.http.get("/props").json()["default_generation_settings"]["params"]
    [shown] = [
        model
        for model in server.http.get("/api/qwen3mlx/models").json()["models"]
        if model["id"] == name
    ]
    if name == CODER:
        assert (params["temperature"], params["top_p"], params["top_k"]) == (0.7, 0.8, 20)
        assert params["repetition_penalty"] == 1.05
    else:
        assert (params["temperature"], params["top_p"], params["top_k"]) == (0.6, 0.95, 20)
        assert params["repetition_penalty"] == 1.0
    assert shown["thinking"]["can"] == (name == THINKING)
