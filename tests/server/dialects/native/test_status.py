"""The server's current activity, and its request log."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import islice

import httpx
import pytest

from qwen3mlx.engine import PrefillOutput, Token
from qwen3mlx.server.core.activity import MAX_ENTRIES, Activity, Entry, Running

from ...live import LiveServer, live_server
from .support import BASE, chat, events, get, load, long_answer, send


def test_memory_adds_up_and_follows_what_is_loaded(own: LiveServer) -> None:
    before = get(own, "/status")["memory"]
    assert before["weight_bytes"] == 0
    load(own, "demo")
    chat(own, max_tokens=2)
    own.wait_until_idle()
    after = get(own, "/status")["memory"]
    assert after["weight_bytes"] > 0
    assert after["prefix_cache_bytes"] > 0
    assert sum(after.values()) - after["limit_bytes"] == after["limit_bytes"]


def test_a_running_answer_is_seen_while_it_is_made(own: LiveServer) -> None:
    load(own, "demo")
    with long_answer(own):
        own.wait_until(lambda stats: stats.running == 1)
        [running] = get(own, "/status")["requests"]
        [listed] = get(own, "/status")["models"]
    assert running["model"] == "demo"
    assert running["path"] == "/v1/completions"
    assert running["client"] == "test-client/1.0"
    assert running["address"] == "127.0.0.1"
    assert running["phase"] == "decode"
    assert running["prompt_tokens"] == running["prefilled_tokens"] > 0
    assert running["completion_tokens"] > 0
    assert running["age"] > 0
    assert listed == {
        "id": "demo",
        "state": "loaded",
        "load_progress": None,
        "num_requests": 1,
        "expires_in": None,
    }
    assert get(own, "/status")["requests"] == []


def test_a_refused_request_does_not_look_like_a_running_one(own: LiveServer) -> None:
    assert chat(own, messages=[]).status_code == 400
    assert chat(own, temperature=-1).status_code == 400
    assert get(own, "/status")["requests"] == []


def test_the_phases_of_an_answer() -> None:
    running = Running(1, "demo", 10, None)
    assert (running.phase, running.tokens_per_second) == ("waiting", None)
    running.observe(PrefillOutput(5, 10, 3))
    assert (running.phase, running.prefilled_tokens, running.cached_tokens) == ("prefill", 5, 3)
    running.observe(Token(1))
    assert (running.phase, running.tokens_per_second) == ("decode", None)
    running.observe(Token(2))
    assert running.completion_tokens == 2
    assert running.tokens_per_second is not None


def test_the_log_has_the_past_and_what_comes(own: LiveServer) -> None:
    usage = chat(own, max_tokens=3).json()["usage"]
    own.http.get("/v1/nothing?secret=1", headers={"User-Agent": "probe\t1.0"})
    get(own, "/status")
    with own.http.stream("GET", f"{BASE}/log") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        seen = events(reply)
        (name, answered), (_, missing) = islice(seen, 2)
        chat(own, max_tokens=1, n=2)
        _, repeated = next(seen)
    assert name == "request"
    assert answered["method"] == "POST"
    assert answered["path"] == "/v1/chat/completions"
    assert (answered["status"], answered["model"]) == (200, "demo")
    assert answered["prompt_tokens"] == usage["prompt_tokens"]
    assert answered["completion_tokens"] == usage["completion_tokens"] == 3
    assert answered["ms"] > 0
    assert (missing["path"], missing["status"]) == ("/v1/nothing", 404)
    assert (missing["model"], missing["completion_tokens"]) == (None, None)
    assert (missing["client"], missing["address"]) == (r"probe\t1.0", "127.0.0.1")
    assert repeated["id"] == missing["id"] + 1 == answered["id"] + 2
    assert (repeated["prompt_tokens"], repeated["completion_tokens"]) == (
        usage["prompt_tokens"],
        2,
    )
    with own.http.stream("GET", f"{BASE}/log?after={missing['id']}") as reply:
        assert next(events(reply))[1]["id"] == repeated["id"]


def test_what_is_asked_is_not_in_the_log(own: LiveServer) -> None:
    own.http.post(
        "/v1/completions?key=secret",
        json={"model": "demo", "prompt": "a secret", "max_tokens": 1},
        headers={"x-api-key": "secret"},
    )
    own.http.post("/v1/embeddings", json={"model": "demo", "input": ["a secret"]})
    with own.http.stream("GET", f"{BASE}/log") as reply:
        completed, embedded = (data for _, data in islice(events(reply), 2))
    assert "secret" not in str(completed)
    assert completed["completion_tokens"] == 1
    assert (embedded["model"], embedded["completion_tokens"]) == ("demo", 0)
    assert embedded["prompt_tokens"] > 0


def test_refused_watchers_and_changes_are_in_the_log(own: LiveServer) -> None:
    send(own, "POST", "/models/unload", {"model": "demo"})
    own.http.get(f"{BASE}/models", params={"context_length": 0})
    own.http.get("/health", headers={"Host": "evil.example"})
    with own.http.stream("GET", f"{BASE}/log", headers=own.person) as reply:
        seen = [(data["path"], data["status"]) for _, data in islice(events(reply), 3)]
    assert seen == [(f"{BASE}/models/unload", 200), (f"{BASE}/models", 400), ("/health", 403)]


def test_a_listener_does_not_keep_the_server_from_ending() -> None:
    with live_server() as running:
        client = httpx.Client(base_url=running.url)
        reply = client.send(client.build_request("GET", f"{BASE}/log"), stream=True)
    assert reply.read().startswith(b": log")  # it ended, and was not cut off
    client.close()


def entry(path: str = "/v1/chat/completions") -> Entry:
    return Entry("POST", path, "", "", status=200)


def test_old_entries_make_room() -> None:
    async def kept() -> list[int]:
        activity = Activity()
        for _ in range(MAX_ENTRIES + 5):
            activity.request_finished(entry())
        async with aclosing(activity.entries()) as listening:
            return [(await anext(listening)).id for _ in range(MAX_ENTRIES)]

    assert asyncio.run(kept()) == list(range(6, MAX_ENTRIES + 6))


@pytest.mark.parametrize("path", ["/status", "/log"])
def test_watching_is_get_only(server: LiveServer, path: str) -> None:
    assert server.http.post(BASE + path).status_code == 405


def test_counting_tokens_while_somebody_types_is_not_logged(own: LiveServer) -> None:
    send(own, "POST", "/tokens", {"model": "demo", "texts": ["Hi"]})
    reply = own.http.post(f"{BASE}/tokens", json={"texts": 5}, headers=own.person)
    assert reply.status_code == 400
    with own.http.stream("GET", f"{BASE}/log", headers=own.person) as log:
        _, first = next(events(log))
    assert (first["path"], first["status"]) == (f"{BASE}/tokens", 400)
