"""An agent's loop in each dialect: the next turn finds the previous one in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from qwen3mlx.events import Usage
from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

NUM_TURNS = 6
TASK = "Take five steps, one after the other."
LAST_WORD = "All five steps are done."


def shell(command: str) -> tuple[str, object]:
    return "shell", {"command": command}


LOOK = ("look", {"path": "."})

# Keyed by the number of tool results; three or more follow two calls at once.
ANSWERS = [
    answer(thoughts="One.", calls=[shell("echo 1")]),
    answer("Now the next.", calls=[shell('echo "<b>" && cat \\')]),
    answer("Both.", thoughts="Two,\n\nthree.", calls=[shell("echo 2"), LOOK]),
    "",
    answer(thoughts="四 🎉", calls=[shell("echo 四\n🎉")]),
    answer(calls=[shell("")]),
    answer(LAST_WORD, thoughts="Nothing is left."),
]
FUNCTIONS = [
    {"name": name, "parameters": {"type": "object", "properties": {key: {"type": "string"}}}}
    for name, key in (("shell", "command"), ("look", "path"))
]


class Chat:
    """`/v1/chat/completions`. Each loop's `ask` sends everything; it returns calls and text."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.messages: list[dict[str, Any]] = [{"role": "user", "content": TASK}]

    def ask(self) -> tuple[list[str], str]:
        tools = [{"type": "function", "function": function} for function in FUNCTIONS]
        reply = self.post("/v1/chat/completions", messages=self.messages, tools=tools)
        message = reply["choices"][0]["message"]
        self.messages.append(message)
        calls = [call["id"] for call in message.get("tool_calls") or ()]
        return calls, message["content"]

    def answer(self, call: str, result: str) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call, "content": result})

    def post(self, path: str, **body: Any) -> Any:
        reply = self.server.http.post(path, json={"model": "scripted", **body})
        assert reply.status_code == 200, reply.text
        return reply.json()


class Messages(Chat):
    """`/v1/messages`"""

    def ask(self) -> tuple[list[str], str]:
        tools = [{"name": f["name"], "input_schema": f["parameters"]} for f in FUNCTIONS]
        thinking = {"type": "enabled", "budget_tokens": 1024}
        body = {"messages": self.messages, "tools": tools, "thinking": thinking}
        blocks = self.post("/v1/messages", max_tokens=2048, **body)["content"]
        self.messages.append({"role": "assistant", "content": blocks})
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        return calls, "".join(block["text"] for block in blocks if block["type"] == "text")

    def answer(self, call: str, result: str) -> None:
        block = {"type": "tool_result", "tool_use_id": call, "content": result}
        self.messages.append({"role": "user", "content": [block]})


class Responses(Chat):
    """`/v1/responses`"""

    def ask(self) -> tuple[list[str], str]:
        tools = [{"type": "function", "strict": False, **function} for function in FUNCTIONS]
        body: dict[str, Any] = {"input": self.messages, "tools": tools, "store": False}
        items = self.post("/v1/responses", include=["reasoning.encrypted_content"], **body)[
            "output"
        ]
        self.messages += items
        calls = [item["call_id"] for item in items if item["type"] == "function_call"]
        texts = [item["content"][0]["text"] for item in items if item["type"] == "message"]
        return calls, "".join(texts)

    def answer(self, call: str, result: str) -> None:
        item = {"type": "function_call_output", "call_id": call, "output": result}
        self.messages.append(item)


class Ollama(Chat):
    """`/api/chat`"""

    def ask(self) -> tuple[list[str], str]:
        tools = [{"type": "function", "function": function} for function in FUNCTIONS]
        body = {"messages": self.messages, "tools": tools, "stream": False}
        message = self.post("/api/chat", **body)["message"]
        self.messages.append(message)
        return [call["function"]["name"] for call in message.get("tool_calls", ())], message[
            "content"
        ]

    def answer(self, call: str, result: str) -> None:
        self.messages.append({"role": "tool", "tool_name": call, "content": result})


LOOPS = {"openai": Chat, "anthropic": Messages, "responses": Responses, "ollama": Ollama}


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    with live_server(model=str(write_scripted_checkpoint(folder, ANSWERS))) as server:
        yield server


@pytest.mark.parametrize("dialect", LOOPS)
def test_each_turn_computes_only_what_is_new(
    dialect: str, scripted: LiveServer, usages: list[Usage]
) -> None:
    loop = LOOPS[dialect](scripted)
    calls, _ = loop.ask()
    while calls:
        for call in calls:
            loop.answer(call, "ok")
        calls, text = loop.ask()
    assert text == LAST_WORD
    assert len(usages) == NUM_TURNS
    for before, now in pairwise(usages):
        # The last token of an answer was never put into the model.
        assert now.cached_tokens >= before.prompt_tokens + before.completion_tokens - 1
