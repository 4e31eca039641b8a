"""Stop strings match what a client reads: never a thought, nor a call's markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

Json = dict[str, Any]

CALLS = [("look", {"path": "a.b"})]
ANSWER = answer("I'll look.", thoughts="What is\n\nthere?", calls=CALLS)
QUESTION = [{"role": "user", "content": "Look."}]
PARAMETERS = {"type": "object", "properties": {"path": {"type": "string"}}}
FUNCTION = {"name": "look", "parameters": PARAMETERS}
TOOLS = [{"type": "function", "function": FUNCTION}]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    with live_server(model=str(write_scripted_checkpoint(folder, [ANSWER]))) as server:
        yield server


# Each returns thought, content, names of calls, and whether a stop string ended the answer.
Answered = tuple[str, str, list[str], bool]


def chat(server: LiveServer, path: str, stop: list[str]) -> Answered:
    [choice] = post(server, path, messages=QUESTION, tools=TOOLS, stop=stop)["choices"]
    message = choice["message"]
    names = [call["function"]["name"] for call in message.get("tool_calls", ())]
    content = message["content"] or ""
    return message["reasoning_content"], content, names, choice["finish_reason"] == "stop"


def responses(server: LiveServer, path: str, stop: list[str]) -> Answered:
    tools = [{"type": "function", **FUNCTION}]
    output = post(server, path, input=QUESTION, tools=tools, stop=stop)["output"]
    parts = {item["type"]: item["content"][0]["text"] for item in output if item.get("content")}
    calls = [item for item in output if item["type"] == "function_call"]
    names = [call["name"] for call in calls]
    cut = any(call["status"] != "completed" for call in calls) or not calls
    return parts["reasoning"], parts.get("message", ""), names, cut


def anthropic(server: LiveServer, path: str, stop: list[str]) -> Answered:
    body = {"tools": [{"name": "look", "input_schema": PARAMETERS}], "stop_sequences": stop}
    thinking = {"type": "adaptive"}
    reply = post(server, path, messages=QUESTION, max_tokens=500, thinking=thinking, **body)
    blocks = {block["type"]: block for block in reply["content"]}
    names = [block["name"] for block in reply["content"] if block["type"] == "tool_use"]
    text = blocks["text"]["text"] if "text" in blocks else ""
    return blocks["thinking"]["thinking"], text, names, reply["stop_reason"] == "stop_sequence"


def ollama(server: LiveServer, path: str, stop: list[str]) -> Answered:
    options = {"stop": stop}
    reply = post(server, path, messages=QUESTION, tools=TOOLS, options=options, stream=False)
    message = reply["message"]
    calls = message.get("tool_calls", [])
    names = [call["function"]["name"] for call in calls]
    whole = [call["function"]["arguments"] for call in calls] == [
        arguments for _, arguments in CALLS
    ]
    return message["thinking"], message["content"], names, not whole


def post(server: LiveServer, path: str, **body: Any) -> Any:
    reply = server.http.post(path, json={"model": "scripted", **body})
    assert reply.status_code == 200, reply.text
    return reply.json()


every_dialect = pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/v1/chat/completions", chat),
        ("/api/v0/chat/completions", chat),
        ("/v1/responses", responses),
        ("/v1/messages", anthropic),
        ("/api/chat", ollama),
    ],
)
THOUGHT = "What is\n\nthere?"
AROUND = [
    "\n",
    "\n\n",
    "<tool_call>",
    "</tool_call>",
    "<think>",
    "</think>",
    "name",
    '"look"',
    "}}",
]


@every_dialect
def test_what_stands_around_thoughts_and_calls_is_no_text(
    scripted: LiveServer, path: str, ask: Any
) -> None:
    """All of them at once: none is in the content or in the arguments."""
    expected = THOUGHT, "I'll look.", ["look"], False
    assert ask(scripted, path, AROUND) == expected
    assert ask(scripted, path, ["What"]) == expected


@every_dialect
def test_content_and_arguments_end_before_a_stop_string(
    scripted: LiveServer, path: str, ask: Any
) -> None:
    assert ask(scripted, path, ["look"]) == (THOUGHT, "I'll ", [], True)
    assert ask(scripted, path, [".b"]) == (THOUGHT, "I'll look.", ["look"], True)


@every_dialect
def test_an_empty_string_counts_as_not_given(scripted: LiveServer, path: str, ask: Any) -> None:
    assert ask(scripted, path, [""]) == (THOUGHT, "I'll look.", ["look"], False)
    assert ask(scripted, path, ["", "look"]) == (THOUGHT, "I'll ", [], True)


@pytest.mark.parametrize("stop", ["", [""], []])
@pytest.mark.parametrize("path", ["/v1/completions", "/api/v0/completions"])
def test_an_empty_string_in_a_completion(scripted: LiveServer, path: str, stop: object) -> None:
    assert post(scripted, path, prompt="Hi", max_tokens=1, stop=stop)["choices"]
