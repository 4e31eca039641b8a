"""Qwen-Agent's unmodified Assistant, with a custom tool and a local MCP time server."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.events import Finished
from qwen3mlx.request import GenerationRequest
from tests.server.live import LiveServer

ROOT = Path(__file__).parents[3]
DRIVER = Path(__file__).with_name("qwen_agent_driver.py")
PYTHON = Path(os.environ.get("AGENT_PYTHON", ROOT / ".venv-agent" / "bin" / "python"))

if not PYTHON.exists():
    pytest.skip(
        "no Qwen-Agent here: run scripts/setup-agent, or set AGENT_PYTHON", allow_module_level=True
    )


@dataclass
class Run:
    """Return the agent's results, and the server's requests and replies."""

    mode: str
    turns: list[dict[str, Any]] = field(default_factory=list)
    requests: list[GenerationRequest] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [message for message in self._messages if message.get("function_call")]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [message for message in self._messages if message["role"] == "function"]

    @property
    def _messages(self) -> list[dict[str, Any]]:
        return [message for turn in self.turns for message in turn["messages"]]


@pytest.fixture(scope="module", params=["prompt", "raw"])
def run(
    request: pytest.FixtureRequest, server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    run = Run(request.param)
    generate = server.service.generate

    async def generate_and_remember(name: Any, asked: GenerationRequest, **options: Any) -> Any:
        run.requests.append(asked)
        return await generate(name, asked, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.service, "generate", generate_and_remember)
        server.service.on_finished.append(run.finished.append)
        done = subprocess.run(
            [PYTHON, DRIVER, server.url, run.mode],
            cwd=tmp_path_factory.mktemp("agent"),  # it leaves a folder `workspace` where it runs
            capture_output=True,
            text=True,
            check=False,
        )
        server.service.on_finished.remove(run.finished.append)
    assert done.returncode == 0, done.stderr
    run.turns = json.loads(done.stdout)
    return run


def test_each_question_calls_its_tool(run: Run) -> None:
    weather, clock = (call["function_call"] for call in run.calls)
    assert weather["name"] == "get_weather"
    assert json.loads(weather["arguments"]) == {"city": "Oslo"}
    assert clock["name"] == "time-get_current_time"
    assert json.loads(clock["arguments"]) == {"timezone": "Europe/Paris"}


def test_the_tools_are_run(run: Run) -> None:
    weather, clock = (result["content"] for result in run.results)
    assert weather == "sunny, 21 degrees in Oslo"
    now = json.loads(clock)
    assert now["timezone"] == "Europe/Paris"
    assert datetime.fromisoformat(now["datetime"]).utcoffset() is not None


def test_each_question_ends_with_an_answer(run: Run) -> None:
    for turn in run.turns:
        last = turn["messages"][-1]
        assert last["role"] == "assistant"
        assert last["content"].strip()
        assert "<tool_call>" not in last["content"]


def test_the_server_parses_calls_only_for_tools_that_were_sent(run: Run) -> None:
    """Without `tools` the call arrives as text, and the agent finds it there."""
    assert [len(request.tools) for request in run.requests] == [3 if run.mode == "raw" else 0] * 4
    ids = [call["extra"]["function_id"] for call in run.calls]
    assert [id_.startswith("call_") for id_ in ids] == [run.mode == "raw"] * 2


def test_two_requests_for_each_question(run: Run) -> None:
    expected = ["tool_calls", "stop"] * 2 if run.mode == "raw" else ["stop"] * 4
    assert [finished.finish_reason for finished in run.finished] == expected


def test_results_come_back(run: Run) -> None:
    """Send results with `id` instead of `tool_call_id`, or inside a user message."""
    for request, result in zip(run.requests[1::2], run.results, strict=True):
        message = (request.messages or ())[-1]
        if run.mode == "raw":
            assert message["role"] == "tool"
            assert message["id"] == result["extra"]["function_id"]
            assert "tool_call_id" not in message
            assert message["content"] == result["content"]
        else:
            assert message["role"] == "user"
            assert f"<tool_response>\n{result['content']}\n</tool_response>" in message["content"]


def test_thinking_goes_out_and_comes_back(run: Run) -> None:
    for turn, request in zip(run.turns, run.requests[1::2], strict=True):
        thought = turn["messages"][0]["reasoning_content"]
        assert thought
        assert thought in [m.get("reasoning_content") for m in request.messages or ()]


def test_answers_are_streamed(run: Run) -> None:
    for turn in run.turns:
        assert turn["looks"] > 2 * len(turn["messages"])


def test_what_was_computed_is_reused(run: Run) -> None:
    """The request with the result continues the one that made the call."""
    for asked, answered in zip(run.finished[::2], run.finished[1::2], strict=True):
        assert answered.usage.cached_tokens >= asked.usage.prompt_tokens - 1
