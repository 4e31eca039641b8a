"""The announcement's two steps, a page and then the time, with the servers that it names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from tests.server.dialects.lmstudio.support import chat, stream_chat, types
from tests.server.live import live_server
from tests.support.announcement import LAST, NEWS, QUESTION, SERVERS, URL, ZONE, real_servers, steps
from tests.support.places import IMPORT_PATH, PROGRAM
from tests.support.scripted import write_scripted_checkpoint

from .test_agents_page import here
from .test_qwen_agent import PYTHON

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not here("mcp_server_fetch, mcp_server_time"), reason="no such MCP servers"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN3MLX_HOME", str(folder))
        write_scripted_checkpoint(folder / "scripted", steps())
        write_scripted_checkpoint(folder / "full", steps(in_full=True))
        with real_servers(PYTHON):
            yield folder


def test_in_the_terminal(home: Path) -> None:
    offered = [part for name in SERVERS for part in ("--mcp", name)]
    done = subprocess.run(
        [*PROGRAM, "run", str(home / "scripted"), QUESTION, *offered],
        env={**os.environ, "PYTHONPATH": IMPORT_PATH},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert LAST in done.stdout
    told = done.stdout + done.stderr
    assert told.index("fetch.fetch") < told.index("time.get_current_time")


def test_as_integrations_of_lm_studio(home: Path) -> None:
    with live_server(model=str(home / "scripted"), tools=True) as server:
        body = {"model": "scripted", "input": QUESTION, "reasoning": "on"}
        events = stream_chat(server.http, **body, integrations=[f"mcp/{one}" for one in SERVERS])
    thought = ["reasoning.start", "reasoning.delta", "reasoning.end"]
    read = ["prompt_processing.start", "prompt_processing.progress", "prompt_processing.end"]
    called = ["tool_call.start", "tool_call.arguments", "tool_call.success"]
    said = ["message.start", "message.delta", "message.end"]
    step = [*read, *thought, *called]
    assert types(events) == ["chat.start", *step * 2, *read, *thought, *said, "chat.end"]
    output = events[-1]["result"]["output"]
    page, clock = (one["output"] for one in output if one["type"] == "tool_call")
    assert NEWS in page
    assert ZONE in clock
    assert output[-1]["content"] == LAST


def test_as_mcp_tools_of_responses(home: Path) -> None:
    tools: Any = [
        {"type": "mcp", "server_label": name, "require_approval": "never"} for name in SERVERS
    ]
    with (
        live_server(model=str(home / "full"), tools=True) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
        client.responses.create(model="full", input=QUESTION, tools=tools, stream=True) as stream,
    ):
        events = list(stream)
    ended = [one.type for one in events if one.type.startswith("response.mcp_call.")]
    assert ended == ["response.mcp_call.in_progress", "response.mcp_call.completed"] * 2
    response: Any = events[-1]
    kinds = [item.type for item in response.response.output]
    listed = ["mcp_list_tools"] * 2
    assert kinds == [*listed, *["reasoning", "mcp_call"] * 2, "reasoning", "message"]
    page, clock = (item.output for item in response.response.output if item.type == "mcp_call")
    assert NEWS in page
    assert ZONE in clock
    assert response.response.output_text == LAST


def test_the_demo_takes_each_step_by_itself(home: Path) -> None:
    """Offered both servers, it mixes them up; and what it makes of a page is poor."""
    asked = {"fetch": f"Fetch {URL}", "time": f"What time is it in {ZONE}?"}
    with live_server(tools=True) as server:
        told = [
            chat(
                server.http,
                model="demo",
                input=question,
                integrations=[f"mcp/{name}"],
                reasoning="off",
                temperature=0,
                max_output_tokens=300,
            )["output"]
            for name, question in asked.items()
        ]
    page, clock = (one[0] for one in told)
    assert (page["tool"], page["arguments"]["url"], NEWS in page["output"]) == ("fetch", URL, True)
    assert (clock["tool"], clock["arguments"]) == ("get_current_time", {"timezone": ZONE})
    assert told[1][-1]["content"].endswith(f"in {ZONE}.")
