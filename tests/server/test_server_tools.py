"""Tools that the server runs for requests: LM Studio's `integrations`, with its events."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from qwen3mlx.events import Usage
from qwen3mlx.server.core.agent import CallBegun, CallEnded
from qwen3mlx.server.dialects.lmstudio.chat_reply import ChatReply
from qwen3mlx.tools.builtin import built_in_tools
from qwen3mlx.tools.consent import Consents
from qwen3mlx.tools.loop import Call
from qwen3mlx.tools.mcp_json import McpFile
from qwen3mlx.tools.outcome import Outcome
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.mini_server import CONTROL
from tests.tools.test_host import mini, supervised

from .dialects.lmstudio.support import chat, stream_chat, types
from .live import LiveServer, live_server

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LAST = "That is all of it."
TEN_STEPS = [
    *(answer(thoughts=f"Now {w}.", calls=[("calculate", {"expression": w})]) for w in WORDS),
    answer(LAST, thoughts="Done."),
]
# Nobody listens there.
NOBODY = {"type": "ephemeral_mcp", "server_label": "a", "server_url": "http://127.0.0.1:9/mcp"}
PROGRESS = ["prompt_processing.start", "prompt_processing.progress", "prompt_processing.end"]
CALL = ["tool_call.start", "tool_call.arguments", "tool_call.success"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(folder))
        McpFile().add("mini", mini())
        yield folder


@pytest.fixture
def make(home: Path, tmp_path: Path) -> Iterator[Any]:
    """Start a server whose model writes these answers."""
    with ExitStack() as stack:

        def start(*answers: str, **settings: Any) -> LiveServer:
            folder = write_scripted_checkpoint(tmp_path / "scripted", answers)
            options = {"tools": True, **settings}
            return stack.enter_context(live_server(model=str(folder), **options))

        yield start
    assert not supervised()


def ask(**fields: Any) -> dict[str, Any]:
    return {"model": "scripted", "input": "Go on.", "integrations": ["mcp/builtin"], **fields}


@pytest.fixture
def scripted(make: Any) -> LiveServer:
    server: LiveServer = make(*TEN_STEPS)
    return server


def test_ten_steps_stream_in_order_and_each_computes_only_what_is_new(
    scripted: LiveServer, usages: list[Usage]
) -> None:
    body = ask(input="Take your time. " * 150, reasoning="on")
    events = stream_chat(scripted.http, **body)
    thought = ["reasoning.start", "reasoning.delta", "reasoning.end"]
    said = ["message.start", "message.delta", "message.end"]
    step = [*PROGRESS, *thought, *CALL]
    assert types(events) == ["chat.start", *step * 9, *PROGRESS, *thought, *said, "chat.end"]
    assert len(usages) == 10
    for before, now in pairwise(usages):
        assert now.cached_tokens >= before.prompt_tokens + before.completion_tokens - 1
        assert now.cached_tokens / now.prompt_tokens >= 0.95
    result = events[-1]["result"]
    assert result["output"][-1] == {"type": "message", "content": LAST}
    assert result["stats"]["total_output_tokens"] == sum(one.completion_tokens for one in usages)
    again = chat(scripted.http, **ask(previous_response_id=result["response_id"], reasoning="on"))
    assert again["stats"]["input_tokens"] > usages[0].prompt_tokens + 200  # calls and results


def test_a_call_is_told_as_lm_studio_tells_it(make: Any) -> None:
    server = make(answer(calls=[("calculate", {"expression": "6 * 7"})]), "It is 42.")
    events = stream_chat(server.http, **ask(reasoning="off"))
    provider = {"type": "plugin", "plugin_id": "mcp/builtin"}
    about = {"tool": "calculate", "provider_info": provider}
    made = {**about, "arguments": {"expression": "6 * 7"}}
    output = '[{"type": "text", "text": "42"}]'
    told = [event for event in events if event["type"].startswith("tool_call")]
    assert told == [
        {"type": "tool_call.start", **about},
        {"type": "tool_call.arguments", **made},
        {"type": "tool_call.success", **made, "output": output},
    ]
    assert events[-1]["result"]["output"] == [
        {"type": "tool_call", **made, "output": output},
        {"type": "message", "content": "It is 42."},
    ]


def test_a_call_that_was_not_made_is_told_to_the_client_and_the_model(make: Any) -> None:
    server = make(answer(calls=[("fail", {})]), LAST)
    result = chat(server.http, **ask(integrations=["mcp/mini"], reasoning="off"))
    failed, message = result["output"]
    assert failed["type"] == "invalid_tool_call"
    assert failed["metadata"] == {
        "type": "denied",
        "tool_name": "fail",
        "arguments": {},
        "provider_info": {"type": "plugin", "plugin_id": "mcp/mini"},
    }
    assert "has not said that it may always run" in failed["reason"]
    assert message["content"] == LAST


@pytest.mark.parametrize(("name", "kind"), [("nothing", "name"), ("calculate", "arguments")])
def test_a_wrong_call_has_the_metadata_of_lm_studio(name: str, kind: str) -> None:
    """A grammar keeps models from writing one, unless a schema cannot be enforced."""
    tools = {tool.name: tool for tool in built_in_tools()}
    call = Call("1", name, "{}", tools.get(name), {}, Outcome("invalid", "Because."))
    reply = ChatReply("m", stored=False)
    assert reply.add(CallBegun(call)) == []
    (failure,) = reply.add(CallEnded(call))
    assert (failure["type"], failure["reason"]) == ("tool_call.failure", "Because.")
    assert failure["metadata"]["type"] == f"invalid_{kind}"
    assert failure["metadata"]["tool_name"] == name


def test_what_a_tool_returns_is_data(make: Any) -> None:
    server = make(answer(calls=[("control", {})]), LAST)
    found = server.service.tools.host.tools(["mini"]).result(30)
    tool = next(tool for tool in found.tools if tool.name == "control")
    Consents().save(tool, "always")
    integration = {"type": "plugin", "id": "mcp/mini", "allowed_tools": ["control"]}
    result = chat(server.http, **ask(integrations=[integration], reasoning="off"))
    call, message = result["output"]
    assert json.loads(call["output"]) == [{"type": "text", "text": CONTROL}]
    assert message["content"] == LAST


@pytest.mark.parametrize(
    ("integration", "option"),
    [("mcp/builtin", "--tools"), (NOBODY, "--remote-tools")],
)
def test_without_the_owners_word_nothing_runs(make: Any, integration: Any, option: str) -> None:
    server = make(LAST, tools=False)
    for stream in (False, True):
        body = ask(integrations=[integration], stream=stream)
        reply = server.http.post("/api/v1/chat", json=body)
        assert reply.status_code == 403
        assert option in reply.json()["error"]["message"]
    reply = server.http.post("/api/v1/chat", json=ask(), headers=server.person)
    assert reply.status_code == 200  # the owner's own command line


@pytest.mark.parametrize(
    ("integration", "told"),
    [
        ("playwright", "it must be mcp/ and the name of a server"),
        ("mcp/", "it must be mcp/ and the name of a server"),
        ("mcp/absent", "has no server 'absent'"),
        ({"type": "plugin", "id": "mcp/mini", "allowed_tools": ["x"]}, "has no tool x"),
        ("mcp/builtin", "names 'builtin' again"),
        ({"type": "ephemeral_mcp", "server_label": "a"}, "server_url is missing"),
        (
            {"type": "ephemeral_mcp", "server_label": "a", "server_url": "file:///x"},
            "a.url must be",
        ),
        (NOBODY, "The MCP server a failed"),
    ],
)
def test_an_integration_that_cannot_be_is_refused_by_name(
    make: Any, integration: Any, told: str
) -> None:
    server = make(LAST, remote_tools=True)
    reply = server.http.post("/api/v1/chat", json=ask(integrations=["mcp/builtin", integration]))
    error = reply.json()["error"]
    assert reply.status_code == 400, error
    assert error["param"].startswith("integrations[1]")
    assert told in error["message"]


def test_a_client_that_leaves_ends_its_calls(make: Any) -> None:
    server = make(answer(calls=[("hang", {})]), LAST)
    found = server.service.tools.host.tools(["mini"]).result(30)
    Consents().save(next(tool for tool in found.tools if tool.name == "hang"), "always")
    body = ask(integrations=["mcp/mini"], stream=True, reasoning="off")
    with server.http.stream("POST", "/api/v1/chat", json=body) as reply:
        for line in reply.iter_lines():
            if "tool_call.arguments" in line:
                break
    server.wait_until_idle()
    assert chat(server.http, **ask(reasoning="off", integrations=[]))["output"]


@pytest.mark.slow
def test_a_server_at_an_address_is_used_for_one_request(make: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(__file__).parents[1] / "tools" / "mcp_server.py"
    remote = subprocess.Popen([sys.executable, str(program), str(port)], env=dict(os.environ))
    try:
        _wait_for(port)
        server = make(answer(calls=[("add", {"a": 1, "b": 2})]), LAST, remote_tools=True)
        url = f"http://127.0.0.1:{port}/mcp"
        one = {"type": "ephemeral_mcp", "server_label": "sums", "server_url": url}
        result = chat(server.http, **ask(integrations=[one], reasoning="off"))
        assert result["output"][0]["provider_info"] == {
            "type": "ephemeral_mcp",
            "server_label": "sums",
        }
        assert json.loads(result["output"][0]["output"])[0]["text"] == "3"
    finally:
        remote.kill()
        remote.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
        except httpx.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")
