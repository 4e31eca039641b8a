"""The server in front of two ranks, as a person starts it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Serve
from tests.cli.in_process import invoke
from tests.server.live import LiveServer, live_server
from tests.support.adapters import demo_adapter

from .support import is_running, ranks_of, wait

SCHEMA = {
    "type": "object",
    "properties": {"city": {"enum": ["Rome", "Oslo"]}, "size": {"type": "integer"}},
    "required": ["city", "size"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
BODIES: list[dict[str, Any]] = [
    {},
    {"seed": 7, "temperature": 0.8},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}},
    {"tools": [TOOL], "tool_choice": "required"},
    {"logprobs": True, "top_logprobs": 2},
    {"thinking_budget": 3},
]
LOST = (
    "rank 0 on this computer was lost, and demo is loaded again: send the request again in a while."
)
CHAT = {"max_tokens": 5, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
OPENAI = {"error": {"message": LOST, "type": "server_error", "param": None, "code": "unavailable"}}
ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": LOST}}
# What asks for a model that is loaded again, and is told so at once.
REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/v1/chat/completions", CHAT, OPENAI),
    ("/v1/embeddings", {"input": "Hi"}, OPENAI),
    ("/api/chat", {"messages": CHAT["messages"], "options": {"num_predict": 5}}, {"error": LOST}),
    ("/v1/messages", CHAT, ANTHROPIC),
]


@pytest.fixture
def hosts(tmp_path: Path) -> str:
    file = tmp_path / "macs.json"
    file.write_text(json.dumps([{"ssh": "127.0.0.1"}] * 2))
    return str(file)


@pytest.fixture
def shared(hosts: str) -> Iterator[LiveServer]:
    with live_server(model="demo", hosts=hosts) as server:
        yield server


@pytest.fixture
def single() -> Iterator[LiveServer]:
    with live_server(model="demo") as server:
        yield server


def answer(server: LiveServer, body: dict[str, Any]) -> Any:
    messages = [{"role": "user", "content": "What is the weather in Rome?"}]
    asked = {"model": "demo", "max_tokens": 40, "temperature": 0, "messages": messages, **body}
    choice = server.http.post("/v1/chat/completions", json=asked).raise_for_status().json()
    found = choice["choices"][0]
    for call in found["message"].get("tool_calls") or ():
        call.pop("id")
    found.pop("logprobs", None)  # in their last digits, sums depend on their order
    return found


@pytest.mark.slow
def test_its_answers_are_those_of_a_server_alone(shared: LiveServer, single: LiveServer) -> None:
    for body in BODIES:
        assert answer(shared, body) == answer(single, body)
    stream = {"model": "demo", "stream": True, "max_tokens": 5, "prompt": "Once"}
    assert "[DONE]" in shared.http.post("/v1/completions", json=stream).text
    texts = {"model": "demo", "input": ["a", "b"]}
    ours, theirs = (
        one.http.post("/v1/embeddings", json=texts).json()["data"] for one in (shared, single)
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["embedding"] == pytest.approx(other["embedding"], abs=1e-5)
    refused = shared.http.post("/v1/completions", json={"model": "demo-moe", "prompt": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert "share demo alone" in refused.json()["error"]["message"]


@pytest.mark.slow
def test_health_names_a_lost_rank(shared: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    assert shared.http.get("/health").json() == {"status": "ok"}
    for path, body, _ in REFUSALS:  # which also imports what they need
        assert shared.http.post(path, json={"model": "demo", **body}).status_code == 200
    (resident,) = shared.service.engine.resident.values()
    loaded: Any = resident.loaded
    os.kill(loaded.group.process_ids[0], signal.SIGKILL)
    wait(lambda: shared.http.get("/health").status_code == 503, 10)
    assert "rank 0 on this computer was lost" in shared.http.get("/health").text
    for path, body, said in REFUSALS:
        refused = shared.http.post(path, json={"model": "demo", **body})
        assert (refused.status_code, refused.headers.get("Retry-After")) == (503, "5")
        assert {**refused.json(), "request_id": None} == {**said, "request_id": None}
    wait(lambda: shared.http.get("/health").status_code == 200)
    assert answer(shared, {})["message"]["content"]
    assert "It is loaded again" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ranks_end_with_the_server(number: signal.Signals, hosts: str, tmp_path: Path) -> None:
    serve = Serve(tmp_path, "--model", "demo", "--hosts", hosts)
    ranks = ranks_of(serve)
    assert len(ranks) == 2
    body = {"model": "demo", "stream": True, "max_tokens": 2000, "prompt": "Once"}
    with httpx.stream("POST", f"{serve.url}/v1/completions", json=body) as response:
        next(response.iter_lines())
        serve.process.send_signal(number)
        wait(lambda: not any(map(is_running, ranks)), 10)
    serve.wait()
    serve.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ranks_that_start_end_with_the_server(
    number: signal.Signals, hosts: str, tmp_path: Path
) -> None:
    serve = Serve(tmp_path, "--model", "demo", "--hosts", hosts)
    old = set(ranks_of(serve))
    os.kill(min(old), signal.SIGKILL)
    wait(lambda: len(set(ranks_of(serve)) - old) == 2)
    ranks = ranks_of(serve)
    serve.process.send_signal(number)
    wait(lambda: not any(map(is_running, ranks)), 10)
    serve.wait()
    serve.close()


@pytest.mark.slow
def test_what_each_computer_would_hold(hosts: str) -> None:
    told = invoke("fit", "demo", "--hosts", hosts).stdout.splitlines()
    names = [f"rank {rank} on this computer" for rank in range(2)]
    assert [line.split("\t")[:2] for line in told] == [[n, "1/2 of 6 layers"] for n in names]
    parts = json.loads(invoke("fit", "demo", "--hosts", hosts, "--json").stdout)
    assert [part["needed_bytes"] < part["limit_bytes"] for part in parts] == [True, True]
    mixed = invoke("fit", "demo", "--hosts", hosts, "--memory", "32GB")
    assert (mixed.exit_code, mixed.stdout) == (2, "")


def test_mistakes_are_one_line(hosts: str, tmp_path: Path) -> None:
    alone = invoke("serve", "--hosts", hosts)
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "--hosts needs --model" in alone.stderr
    tuned = invoke("serve", "--model", "demo", "--hosts", hosts, "--command-buffer", "9")
    assert (tuned.exit_code, tuned.stdout) == (2, "")
    assert "set MLX_MAX_OPS_PER_BUFFER and MLX_MAX_MB_PER_BUFFER on each" in tuned.stderr
    adapter = str(demo_adapter(tmp_path / "adapter"))
    adapted = invoke("serve", "--model", "demo", "--hosts", hosts, "--adapter", adapter)
    assert (adapted.exit_code, adapted.stdout) == (2, "")
    assert adapted.stderr.startswith("qwen3mlx: Several computers cannot share a model with an ad")
    (tmp_path / "macs.json").write_text("[]")
    empty = invoke("serve", "--model", "demo", "--hosts", hosts)
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert empty.stderr == f"qwen3mlx: {hosts}: it has 0 hosts; a group has 2 to 64.\n"
