"""A conversation beyond the context gets the error wording that makes agents shorten it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .live import LiveServer

LONG = "one two three " * 2000
MESSAGES = [{"role": "user", "content": LONG}]
OPENAI = r"This model's maximum context length is 4096 tokens\. However, your messages resulted in "
OLLAMA = (
    r"prompt too long; exceeded max context length by \d+ tokens.*exceeds the available context"
)
ANTHROPIC = r"^prompt is too long: \d+ tokens > 4096 maximum$"
LMSTUDIO = r"greater than the context length \(n_keep: \d+ >= n_ctx: 4096\)"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/chat/completions", {"messages": MESSAGES}, OPENAI),
        ("/v1/completions", {"prompt": LONG}, OPENAI),
        ("/v1/responses", {"input": LONG}, OPENAI),
        ("/api/v0/chat/completions", {"messages": MESSAGES}, OPENAI),
        ("/v1/messages", {"messages": MESSAGES, "max_tokens": 9}, ANTHROPIC),
        ("/api/chat", {"messages": MESSAGES}, OLLAMA),
        ("/api/generate", {"prompt": LONG}, OLLAMA),
        ("/api/v1/chat", {"input": LONG}, LMSTUDIO),
    ],
)
def test_each_dialect_has_its_words(
    server: LiveServer, path: str, body: dict[str, Any], words: str, stream: bool
) -> None:
    reply = server.http.post(path, json={"model": "demo", "stream": stream, **body})
    error = _error(reply)
    message = error if isinstance(error, str) else error["message"]
    assert re.search(words, message), message
    assert not re.search(r"\d,\d", message)
    if words == OPENAI:
        assert error["code"] == "context_length_exceeded"
        assert re.search(r"resulted in (\d+) tokens", message)


def _error(reply: Any) -> Any:
    assert reply.status_code == 400
    return reply.json()["error"]


def test_an_embedding_has_openais_words(server: LiveServer) -> None:
    reply = server.http.post("/v1/embeddings", json={"model": "demo", "input": ["a", LONG]})
    error = _error(reply)
    assert re.search(OPENAI, error["message"])
    assert (error["param"], error["code"]) == ("input[1]", "context_length_exceeded")
