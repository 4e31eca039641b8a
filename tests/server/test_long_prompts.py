"""Prompts far beyond the context are refused in each dialect, at the cost of a few slices."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from qwen3mlx import library
from qwen3mlx.config import LoadOptions
from qwen3mlx.server.core.service import Service
from qwen3mlx.server.core.worker_threads import LONG, READING
from qwen3mlx.server.settings import ServerSettings
from qwen3mlx.text import encoder

from .live import LiveServer, live_server

PROSE = "The quick brown fox, 北京 jumps over 12 dogs.\n"
CONTEXT = 512
# Far more than twice the context; the second so much that its length alone shows it.
LONG_TEXT = PROSE * 1200
HUGE = "x" * 3_000_000
MESSAGES = [{"role": "user", "content": LONG_TEXT}]
TOO_LONG: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/completions": {"prompt": LONG_TEXT},
    "/v1/responses": {"input": LONG_TEXT},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 5},
    "/api/chat": {"messages": MESSAGES},
    "/api/generate": {"prompt": LONG_TEXT},
    "/api/v0/chat/completions": {"messages": MESSAGES},
    "/api/v1/chat": {"input": LONG_TEXT},
    "/v1/embeddings": {"input": LONG_TEXT},
    "/api/embed": {"input": LONG_TEXT, "truncate": False},
}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live_server() as server:
        options = LoadOptions(context_length=CONTEXT)
        server.service.engine.load("demo", library.resolve("demo"), options).result(30)
        yield server


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "SLICE", 1000)


class Reads:
    """Texts that were encoded, and on which threads."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.threads: set[str] = set()

    @property
    def num_characters(self) -> int:
        return sum(self.lengths)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found = Reads()
    for name in ("ids", "plain_ids"):
        real = getattr(encoder.Encoder, name)

        def read(self: Any, text: str, real: Any = real) -> list[int]:
            found.lengths.append(len(text))
            found.threads.add(threading.current_thread().name)
            ids: list[int] = real(self, text)
            return ids

        monkeypatch.setattr(encoder.Encoder, name, read)
    return found


@pytest.mark.parametrize("path", TOO_LONG)
def test_it_is_read_only_so_far(server: LiveServer, reads: Reads, path: str) -> None:
    answer = server.http.post(path, json={"model": "demo", **TOO_LONG[path]})
    assert answer.status_code == 400
    assert str(CONTEXT) in answer.text
    assert "test-server" not in reads.threads
    # Twice the context, a slice more, and what the template writes.
    assert CONTEXT < reads.num_characters < len(LONG_TEXT) // 2
    assert max(reads.lengths) <= encoder.SLICE + 50


@pytest.mark.parametrize("path", TOO_LONG)
def test_what_cannot_fit_is_not_read_at_all(server: LiveServer, reads: Reads, path: str) -> None:
    def huge(value: Any) -> Any:
        if isinstance(value, list):
            return [huge(item) for item in value]
        if isinstance(value, dict):
            return {key: huge(item) for key, item in value.items()}
        return HUGE if value is LONG_TEXT else value

    answer = server.http.post(path, json={"model": "demo", **huge(TOO_LONG[path])})
    assert answer.status_code == 400
    assert str(CONTEXT) in answer.text
    assert reads.lengths == []


def test_the_words_are_those_of_every_prompt_that_is_too_long(server: LiveServer) -> None:
    told = []
    for text in (LONG_TEXT[:CONTEXT], LONG_TEXT):
        body = {"model": "demo", "messages": [{"role": "user", "content": text}]}
        error = server.http.post("/v1/chat/completions", json=body).json()["error"]
        assert error["code"] == "context_length_exceeded"
        assert error["message"].startswith(
            "This model's maximum context length is 512 tokens. However, your messages resulted"
        )
        told.append(error["message"])
    assert "or more" not in told[0]
    assert " tokens or more. Please reduce the length of the messages" in told[1]


COUNTED: dict[str, dict[str, Any]] = {
    "/tokenize": {"prompt": LONG_TEXT},
    "/v1/messages/count_tokens": {"messages": MESSAGES},
    "/v1/responses/input_tokens": {"input": LONG_TEXT},
    "/api/qwen3mlx/tokens": {"texts": [LONG_TEXT]},
}


@pytest.mark.parametrize("path", COUNTED)
def test_what_is_only_counted_is_counted_to_its_end(
    server: LiveServer, reads: Reads, path: str
) -> None:
    answer = server.http.post(path, json={"model": "demo", **COUNTED[path]})
    assert answer.status_code == 200
    assert reads.num_characters >= len(LONG_TEXT)
    assert "test-server" not in reads.threads
    assert max(reads.lengths) <= encoder.SLICE + 50


@pytest.mark.parametrize("path", COUNTED)
def test_what_takes_long_to_count_is_refused(server: LiveServer, reads: Reads, path: str) -> None:
    """A counting thread cannot be stopped, and each token takes memory until all are counted."""
    text = "a b c " * 400_000
    bodies: dict[str, dict[str, Any]] = {
        "/tokenize": {"content": text},
        "/v1/messages/count_tokens": {"messages": [{"role": "user", "content": text}]},
        "/v1/responses/input_tokens": {"input": text},
        "/api/qwen3mlx/tokens": {"texts": [text[:100_000]] * 24},
    }
    answer = server.http.post(path, json={"model": "demo", **bodies[path]})
    assert answer.status_code == 400
    assert "2,400,0" in answer.text
    assert "at most 2,000,000 can be counted" in answer.text
    assert reads.num_characters == 0


def test_a_chat_that_is_too_long_to_count_is_known_to_be_too_long(
    server: LiveServer, reads: Reads
) -> None:
    def count(text: str) -> Any:
        messages = [{"role": "user", "content": text}]
        body = {"model": "demo", "messages": messages}
        answer = server.http.post("/api/qwen3mlx/tokens", json=body, headers=server.person)
        assert answer.status_code == 200
        return answer.json()

    told = count("a b c " * 400_000)
    assert told["chat"] > told["context_length"]
    assert told["at_least"]
    assert reads.num_characters == 0
    exact = count(PROSE)
    assert 0 < exact["chat"] < exact["context_length"]
    assert not exact["at_least"]


def test_ollama_cuts_a_text_without_reading_the_rest(server: LiveServer, reads: Reads) -> None:
    answer = server.http.post("/api/embed", json={"model": "demo", "input": LONG_TEXT})
    assert answer.status_code == 200
    assert answer.json()["prompt_eval_count"] <= CONTEXT
    assert reads.num_characters < len(LONG_TEXT) // 4


def test_a_conversation_is_shortened_in_few_steps(server: LiveServer, reads: Reads) -> None:
    """A hundred turns, of which the last few fit."""
    turn = PROSE
    items = [
        {"role": role, "content": f"{n} {turn}"}
        for n in range(100)
        for role in ("user", "assistant")
    ]
    body = {
        "model": "demo",
        "input": [*items, {"role": "user", "content": "Hello!"}],
        "truncation": "auto",
        "max_output_tokens": 16,
    }
    answer = server.http.post("/v1/responses", json=body)
    assert answer.status_code == 200
    used = answer.json()["usage"]["input_tokens"]
    assert CONTEXT - 150 < used < CONTEXT  # as few turns as possible are left out
    # Seven halvings, the first try and the last: two contexts at most, and a slice more.
    assert reads.num_characters < 9 * (6 * CONTEXT + 1000)


def test_long_texts_leave_threads_for_others() -> None:
    service = Service(ServerSettings())
    release, running = threading.Event(), threading.Semaphore(0)

    def slow() -> str:
        running.release()
        assert release.wait(20)
        return "long"

    async def main() -> None:
        long = [asyncio.create_task(service.threads.read(LONG + 1, slow)) for _ in range(40)]
        for _ in range(READING):
            assert await asyncio.to_thread(running.acquire, timeout=20)
        assert [await service.threads.read(LONG, lambda: "short") for _ in range(3)] == [
            "short"
        ] * 3
        assert not running.acquire(blocking=False)
        release.set()
        assert await asyncio.gather(*long) == ["long"] * 40

    asyncio.run(main())
