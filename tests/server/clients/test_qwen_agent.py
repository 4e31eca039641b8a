"""Qwen-Agent's unmodified Assistant, with a custom tool and a local MCP time server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from qwen3mlx.events import Finished
from qwen3mlx.request import GenerationRequest
from tests.server.live import LiveServer, live_server
from tests.support.scripted import answer, write_scripted_checkpoint

ROOT = Path(__file__).parents[3]
DRIVER = Path(__file__).with_name("qwen_agent_driver.py")
PYTHON = Path(os.environ.get("AGENT_PYTHON", ROOT / ".venv-agent" / "bin" / "python"))

if not PYTHON.exists():
    pytest.skip(
        "no Qwen-Agent here: run scripts/setup-agent, or set AGENT_PYTHON", allow_module_level=True
    )


WEATHER, CLOCK = "What is the weather in Oslo?", "What time is it in Europe/Paris?"
# The demo answers one after the other. Without `tools` nothing holds it to a schema, so there
# a script answers, which takes both steps for one question.
SCRIPT = [
    answer(thoughts="This needs the weather.", calls=[("get_weather", {"city": "Oslo"})]),
    answer(
        thoughts="Now the time.", calls=[("time-get_current_time", {"timezone": "Europe/Paris"})]
    ),
    answer("It is sunny, and late.", thoughts="Both are known."),
]


@dataclass
class Run:
    """Return the agent's results, and the server's requests and replies."""

    mode: str
    questions: tuple[str, ...]
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
    def thoughts(self) -> list[str]:
        """The thought before each call."""
        thoughts = [str(m.get("reasoning_content", "")) for m in self._messages]
        called = [bool(m.get("function_call")) for m in self._messages]
        return [thought for thought, then in zip(thoughts, called[1:], strict=False) if then]

    @property
    def continued(self) -> list[int]:
        """Which requests bring the result of the request before them."""
        return [1, 3] if len(self.questions) == 2 else [1, 2]

    @property
    def _messages(self) -> list[dict[str, Any]]:
        return [message for turn in self.turns for message in turn["messages"]]


@pytest.fixture(scope="module", params=["prompt", "raw"])
def run(
    request: pytest.FixtureRequest, server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    if request.param == "raw":
        yield _run(Run("raw", (WEATHER, CLOCK)), server, "demo", tmp_path_factory.mktemp("agent"))
        return
    script = write_scripted_checkpoint(tmp_path_factory.mktemp("script") / "scripted", SCRIPT)
    with live_server(model=str(script)) as scripted:
        asked = Run("prompt", (f"{WEATHER} {CLOCK}",))
        yield _run(asked, scripted, "scripted", tmp_path_factory.mktemp("agent"))


def _run(run: Run, server: LiveServer, model: str, folder: Path) -> Run:
    generate = server.service.generate

    async def generate_and_remember(name: Any, asked: GenerationRequest, **options: Any) -> Any:
        run.requests.append(asked)
        return await generate(name, asked, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.service, "generate", generate_and_remember)
        server.service.on_finished.append(run.finished.append)
        done = subprocess.run(
            [PYTHON, DRIVER, server.url, model, run.mode, *run.questions],
            cwd=folder,  # it leaves a folder `workspace` where it runs
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
    tools = {len(request.tools) for request in run.requests}
    assert tools == ({3} if run.mode == "raw" else {0})
    ids = [call["extra"]["function_id"] for call in run.calls]
    assert [id_.startswith("call_") for id_ in ids] == [run.mode == "raw"] * 2


def test_a_request_for_each_step(run: Run) -> None:
    expected = ["tool_calls", "stop"] * 2 if run.mode == "raw" else ["stop"] * 3
    assert [finished.finish_reason for finished in run.finished] == expected


def test_results_come_back(run: Run) -> None:
    """Send results with `id` instead of `tool_call_id`, or inside a user message."""
    for index, result in zip(run.continued, run.results, strict=True):
        message = (run.requests[index].messages or ())[-1]
        if run.mode == "raw":
            assert message["role"] == "tool"
            assert message["id"] == result["extra"]["function_id"]
            assert "tool_call_id" not in message
            assert message["content"] == result["content"]
        else:
            assert message["role"] == "user"
            assert f"<tool_response>\n{result['content']}\n</tool_response>" in message["content"]


def test_thinking_goes_out_and_comes_back(run: Run) -> None:
    for index, thought in zip(run.continued, run.thoughts, strict=True):
        assert thought
        sent = [m.get("reasoning_content") for m in run.requests[index].messages or ()]
        assert thought in sent


def test_answers_are_streamed(run: Run) -> None:
    for turn in run.turns:
        assert turn["looks"] > 2 * len(turn["messages"])


def test_what_was_computed_is_reused(run: Run) -> None:
    """The request with the result continues the one that made the call, its thought included."""
    for index in run.continued:
        asked, answered = (run.finished[i].usage for i in (index - 1, index))
        written = asked.prompt_tokens + asked.completion_tokens
        assert answered.cached_tokens >= written - 1
