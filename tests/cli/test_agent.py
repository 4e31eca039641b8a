"""`run --mcp`: calls are shown, confirmed and made, and the conversation goes on after each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import qwen3mlx
from qwen3mlx.cli.agent import DENIED, UNASKED, Agent, Person
from qwen3mlx.cli.answer import Silent
from qwen3mlx.cli.chat import Chat
from qwen3mlx.cli.settings import Settings
from qwen3mlx.errors import UsageError
from qwen3mlx.events import Finished, Usage
from qwen3mlx.runtime import Runtime
from qwen3mlx.tools.mcp_json import McpFile
from tests.support.scripted import answer, write_scripted_checkpoint
from tests.tools.mini_server import CONTROL
from tests.tools.test_host import mini

NUM_STEPS = 10
TASK = "Take ten steps."
LAST = "That is all of it."
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
# Keyed by the number of results so far.
ANSWERS = [
    *(answer(thoughts=f"Now {w}.", calls=[("calculate", {"expression": w})]) for w in WORDS),
    answer(LAST, thoughts="Done."),
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    folder = tmp_path_factory.mktemp("scripted")
    return qwen3mlx.load(str(write_scripted_checkpoint(folder, ANSWERS)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN3MLX_HOME", str(tmp_path))
    return tmp_path


class Watching:
    """Keeps what is said and asked; answers with `keys`, one after the other."""

    def __init__(self, keys: str | None = None) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._keys = keys

    def person(self) -> Person:
        return Person(self.said.append, None if self._keys is None else self._choose)

    def _choose(self, question: str, keys: str) -> str:
        self.asked.append(question)
        assert self._keys
        key, self._keys = self._keys[0], self._keys[1:]
        return key


@pytest.fixture
def agents() -> Iterator[Any]:
    made: list[Agent] = []

    def make(names: Sequence[str], watching: Watching) -> Agent:
        made.append(Agent.of(names, watching.person()))
        return made[-1]

    yield make
    for agent in made:
        agent.close()


def test_each_step_computes_only_what_is_new(
    runtime: Runtime, agents: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usages: list[Usage] = []
    generate = runtime.generate

    def counted(*args: Any, **options: Any) -> Iterator[Any]:
        for event in generate(*args, **options):
            if isinstance(event, Finished):
                usages.append(event.usage)
            yield event

    monkeypatch.setattr(runtime, "generate", counted)
    watching = Watching()
    agent = agents(["builtin"], watching)
    question = [{"role": "user", "content": f"{TASK} {'Take your time. ' * 120}"}]
    told, messages = agent.answer(runtime, question, {}, Silent)
    assert told.content == LAST
    assert len(usages) == NUM_STEPS
    for before, now in pairwise(usages):
        assert now.cached_tokens >= before.prompt_tokens + before.completion_tokens - 1
        assert now.cached_tokens / now.prompt_tokens >= 0.95
    thoughts = [one["reasoning_content"] for one in messages if one["role"] == "assistant"]
    assert thoughts == [*(f"Now {word}." for word in WORDS), "Done."]
    # What the tool could not do was a result, and the model went on.
    results = [one["content"] for one in messages if one["role"] == "tool"]
    assert results[0] == "This cannot be calculated: 'one' is not defined for expression 'one'."
    assert [call["status"] for call in told.told_calls] == ["error"] * 9


def scripted(home: Path, *answers: str) -> Runtime:
    return qwen3mlx.load(str(write_scripted_checkpoint(home / "model", answers)))


@pytest.mark.parametrize(
    ("keys", "asks", "statuses"),
    [
        ("yn", 2, ["ok", "denied"]),
        pytest.param("a", 1, ["ok", "ok"], marks=pytest.mark.slow),
        pytest.param("v", 1, ["denied", "denied"], marks=pytest.mark.slow),
        (None, 0, ["denied", "denied"]),
    ],
)
def test_calls_are_confirmed(
    home: Path, agents: Any, keys: str | None, asks: int, statuses: list[str]
) -> None:
    calls = [answer(calls=[("control", {})]), answer(calls=[("control", {"now": 2})])]
    runtime = scripted(home, *calls, LAST)
    McpFile().add("mini", mini())
    watching = Watching(keys)
    told, messages = agents(["mini"], watching).answer(
        runtime, [{"role": "user", "content": TASK}], {"enable_thinking": False}, Silent
    )
    assert told.content == LAST
    assert [call["status"] for call in told.told_calls] == statuses
    assert len(watching.asked) == asks
    results = [one["content"] for one in messages if one["role"] == "tool"]
    if statuses[0] == "ok":
        assert results[0] == CONTROL  # data, which no token of it has become
        assert watching.asked[0].startswith("Run mini.control {} ?")
    else:
        assert results == [DENIED if keys else UNASKED] * 2


def test_all_calls_of_a_step_are_asked_for_before_they_run(home: Path, agents: Any) -> None:
    both = answer("Both.", calls=[("wait", {"s": 0}), ("fail", {})])
    runtime = scripted(home, both, "", LAST)
    McpFile().add("mini", mini())
    watching = Watching("yy")
    told, messages = agents(["mini"], watching).answer(
        runtime, [{"role": "user", "content": TASK}], {"enable_thinking": False}, Silent
    )
    assert [call["status"] for call in told.told_calls] == ["ok", "error"]
    assert watching.said[1:3] == ['Calling mini.wait {"s": 0} ...', "Calling mini.fail {} ..."]
    results = [one["content"] for one in messages if one["role"] == "tool"]
    assert results == ["mini: wait", "mini: fail"]


def test_a_chat_goes_on_with_its_calls(home: Path, agents: Any) -> None:
    calls = [("calculate", {"expression": "17 * 23"})]
    runtime = scripted(home, answer("Let me see.", calls=calls), "It is 391.")
    watching = Watching()
    chat = Chat(
        runtime,
        say=watching.said.append,
        new_view=Silent,
        settings=Settings(think=False),
        agent=agents(["builtin"], watching),
    )
    chat.answer("How much is 17 times 23?")
    assert [turn["role"] for turn in chat.turns] == ["user", "assistant", "tool", "assistant"]
    assert chat.turns[2]["content"] == "391"
    assert any(said.startswith("calculate (") and said.endswith(": 391") for said in watching.said)


def test_servers_of_a_file_and_their_faults(home: Path, agents: Any) -> None:
    file = home / "other.json"
    file.write_text(json.dumps({"mcpServers": {"mini": mini(), "bad": {"command": 1}}}))
    watching = Watching()
    agent = agents([str(file), "builtin", "absent"], watching)
    assert {"calculate", "echo"} <= set(agent.toolbox.tools)
    told = "\n".join(watching.said)
    assert "other.json line 1: bad.command must be a non-empty string." in told
    assert "has no server 'absent'" in told
    assert "mini.broken was left out: its inputSchema is not a JSON Schema." in told
    with pytest.raises(UsageError, match="There is no file"):
        agents([str(home / "absent.json")], watching)
