"""An answer cut off in its thought continues in it, and the rest is reported as thinking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

Json = dict[str, Any]

BEGUN, REST = "I wonder who", " that could be."
CONTENT = "It is Ada."
QUESTION = {"role": "user", "content": "Who is it?"}
PLAIN = {"role": "assistant", "content": f"<think>\n{BEGUN}"}


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    write_scripted_checkpoint(folder, [answer(CONTENT, thoughts=BEGUN + REST)])
    with live_server(model=str(folder)) as server:
        yield server


def openai(server: LiveServer, path: str, last: Json, **fields: Any) -> tuple[str, str]:
    fields = {"continue_final_message": True, **fields}
    reply = post(server, path, messages=[QUESTION, last], **fields)
    message = reply["choices"][0]["message"]
    assert reply["usage"]["completion_tokens_details"]["reasoning_tokens"] > 3
    return message["reasoning_content"], message["content"]


def anthropic(server: LiveServer, path: str, last: Json, **fields: Any) -> tuple[str, str]:
    messages = [QUESTION, last]
    blocks = post(server, path, messages=messages, max_tokens=100, **fields)["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]
    return blocks[0]["thinking"], blocks[1]["text"]


def ollama(server: LiveServer, path: str, last: Json, **fields: Any) -> tuple[str, str]:
    reply = post(server, path, messages=[QUESTION, last], stream=False, **fields)
    return reply["message"]["thinking"], reply["message"]["content"]


def post(server: LiveServer, path: str, **body: Any) -> Json:
    reply = server.http.post(path, json={"model": "scripted", **body})
    assert reply.status_code == 200, reply.text
    answered: Json = reply.json()
    return answered


ASSISTANT: Json = {"role": "assistant"}
THINKING = [{"type": "thinking", "thinking": BEGUN, "signature": ""}]
CHAT, V0, MESSAGES, OLLAMA = (
    *("/v1/chat/completions", "/api/v0/chat/completions", "/v1/messages", "/api/chat"),
)


@pytest.mark.parametrize(
    ("ask", "path", "last"),
    [
        *((ask, path, PLAIN) for ask, path in ((openai, CHAT), (openai, V0))),
        *((ask, path, PLAIN) for ask, path in ((anthropic, MESSAGES), (ollama, OLLAMA))),
        (openai, CHAT, {**ASSISTANT, "content": "", "reasoning_content": BEGUN}),
        (openai, CHAT, {**ASSISTANT, "content": None, "reasoning": BEGUN}),
        (openai, V0, {**ASSISTANT, "reasoning_content": BEGUN}),
        (anthropic, MESSAGES, {**ASSISTANT, "content": THINKING}),
        (ollama, OLLAMA, {**ASSISTANT, "content": "", "thinking": BEGUN}),
    ],
)
def test_it_goes_on_in_the_thought(scripted: LiveServer, ask: Any, path: str, last: Json) -> None:
    assert ask(scripted, path, last) == (REST, CONTENT)


@pytest.mark.parametrize(
    ("ask", "path", "fields"),
    [
        (openai, CHAT, {"enable_thinking": True}),
        (anthropic, MESSAGES, {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (anthropic, MESSAGES, {"thinking": {"type": "adaptive"}}),
        (ollama, OLLAMA, {"think": True}),
    ],
)
def test_thinking_may_be_asked_for_as_well(
    scripted: LiveServer, ask: Any, path: str, fields: Json
) -> None:
    assert ask(scripted, path, PLAIN, **fields) == (REST, CONTENT)


@pytest.mark.parametrize(
    ("path", "fields", "named"),
    [
        (CHAT, {"continue_final_message": True, "enable_thinking": False}, "enable_thinking"),
        (MESSAGES, {"max_tokens": 9, "thinking": {"type": "disabled"}}, "thinking"),
        (OLLAMA, {"think": False}, "think"),
    ],
)
def test_thinking_that_is_switched_off_is_a_contradiction(
    scripted: LiveServer, path: str, fields: Json, named: str
) -> None:
    body = {"model": "scripted", "messages": [QUESTION, PLAIN], **fields}
    reply = scripted.http.post(path, json=body)
    assert reply.status_code == 400
    error = reply.json()["error"]
    message = error if isinstance(error, str) else error["message"]
    assert message.startswith(f"{named} is false, but the last message ends in the middle")


def test_a_stream_tells_it_as_thinking(scripted: LiveServer) -> None:
    body = {"messages": [QUESTION, PLAIN], "max_tokens": 100, "stream": True}
    lines = scripted.http.post(MESSAGES, json={"model": "scripted", **body}).text
    assert lines.index("thinking_delta") < lines.index("text_delta")


def test_tokens_are_counted_of_the_same_prompt(scripted: LiveServer) -> None:
    asked = {"model": "scripted", "messages": [QUESTION, PLAIN], "continue_final_message": True}
    count = post(scripted, "/tokenize", **asked)["count"]
    usage = post(scripted, CHAT, **asked)["usage"]
    assert usage["prompt_tokens"] == count
