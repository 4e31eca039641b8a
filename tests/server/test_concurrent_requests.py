"""Concurrent requests of all dialects each get the same answer as alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .live import LiveServer

Json = dict[str, Any]
CHAT: Json = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Tell me about the sea."}],
    "temperature": 1.3,
    "top_k": 0,
    "max_tokens": 24,
    "enable_thinking": False,
}
COMPLETION: Json = {"model": "demo", "prompt": "The sea is", "top_k": 9, "max_tokens": 24}
RESPONSE: Json = {
    "model": "demo",
    "input": "Tell me about the sea.",
    "max_output_tokens": 24,
    "reasoning": {"effort": "none"},
    "store": False,
}
OLLAMA: Json = {"model": "demo", "stream": False, "think": False}
OPTIONS: Json = {"num_predict": 24, "top_k": 0, "top_p": 1.0}


def chat(reply: Json) -> tuple[Any, Any]:
    choice = reply["choices"][0]
    logprobs = choice["logprobs"]
    return choice["message"], logprobs and [
        (one["token"], [top["token"] for top in one["top_logprobs"]]) for one in logprobs["content"]
    ]


def completion(reply: Json) -> tuple[Any, Any]:
    choice = reply["choices"][0]
    logprobs = choice["logprobs"]
    return choice["text"], logprobs and list(
        zip(logprobs["tokens"], map(list, logprobs["top_logprobs"]), strict=True)
    )


def response(reply: Json) -> tuple[Any, Any]:
    (part,) = reply["output"][-1]["content"]
    return part["text"], [
        (one["token"], [top["token"] for top in one["top_logprobs"]]) for one in part["logprobs"]
    ] or None


def ollama(reply: Json) -> tuple[Any, Any]:
    text = reply["message"]["content"] if "message" in reply else reply["response"]
    logprobs = reply.get("logprobs")
    return text, logprobs and [
        (one["token"], [top["token"] for top in one.get("top_logprobs", ())]) for one in logprobs
    ]


INCLUDE = {"include": ["message.output_text.logprobs"]}
MESSAGES: Json = {"messages": CHAT["messages"]}
# Path, body, how its reply is read, and how many alternatives it asks for; None: no logprobs.
ASKED: list[tuple[str, Json, Callable[[Json], tuple[Any, Any]], int | None]] = [
    ("/v1/chat/completions", CHAT | {"seed": 1}, chat, None),
    ("/v1/chat/completions", CHAT | {"seed": -1, "logprobs": True}, chat, 0),
    ("/v1/chat/completions", CHAT | {"seed": 2, "logprobs": True, "top_logprobs": 20}, chat, 20),
    ("/api/v0/chat/completions", CHAT | {"seed": 3, "logprobs": True, "top_logprobs": 2}, chat, 2),
    ("/api/v0/chat/completions", CHAT | {"seed": 4, "repeat_penalty": 1.2}, chat, None),
    ("/v1/completions", COMPLETION | {"seed": 5}, completion, None),
    ("/v1/completions", COMPLETION | {"seed": 6, "logprobs": 0}, completion, 0),
    ("/v1/completions", COMPLETION | {"seed": 7, "logprobs": 5, "min_p": 0.1}, completion, 5),
    ("/v1/responses", RESPONSE | {"seed": 8}, response, None),
    ("/v1/responses", RESPONSE | {"seed": 9, **INCLUDE}, response, 0),
    ("/v1/responses", RESPONSE | {"seed": 10, "top_logprobs": 3, **INCLUDE}, response, 3),
    ("/api/chat", OLLAMA | MESSAGES | {"options": OPTIONS | {"seed": 11}}, ollama, None),
    (
        "/api/chat",
        OLLAMA | MESSAGES | {"options": OPTIONS | {"seed": 12}, "logprobs": True},
        ollama,
        0,
    ),
    (
        "/api/generate",
        OLLAMA
        | {"prompt": "The sea is", "options": OPTIONS | {"seed": 13}}
        | {"logprobs": True, "top_logprobs": 7},
        ollama,
        7,
    ),
]


@pytest.fixture(scope="module")
def alone(server: LiveServer) -> list[tuple[Any, Any]]:
    return [read(post(server, path, body)) for path, body, read, _ in ASKED]


def post(server: LiveServer, path: str, body: Json) -> Json:
    reply = server.http.post(path, json=body)
    assert reply.status_code == 200, reply.text
    answer: Json = reply.json()
    return answer


def test_each_is_told_what_it_asked_for(alone: list[tuple[Any, Any]]) -> None:
    for (_, logprobs), (*_, read, asked) in zip(alone, ASKED, strict=True):
        assert (logprobs is None) == (asked is None)
        # An object of alternatives has one for each text, however many tokens have that text.
        most = max((len(top) for _, top in logprobs or ()), default=0)
        # A text completion's alternatives are beside the token itself, which may be one of them.
        assert most - (asked or 0) in ((0, 1) if read is completion else (0,))


def test_together_they_are_told_the_same(server: LiveServer, alone: list[tuple[Any, Any]]) -> None:
    with ThreadPoolExecutor(len(ASKED)) as pool:
        replies = list(pool.map(lambda one: post(server, one[0], one[1]), ASKED))
    for reply, (_, _, read, _), expected in zip(replies, ASKED, alone, strict=True):
        assert read(reply) == expected
