"""Conformance requests that the demo is too weak for, served with a model that can do them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.scripted import answer, write_scripted_checkpoint

from .live import LiveServer, live_server

PERSON = {"name": "日本語 · émoji 🎉 · «quotes»", "age": 36}
TEXT = json.dumps(PERSON, ensure_ascii=False)
BEGINNING = '{"name": "'
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
QUESTION = {"role": "user", "content": "Invent a person."}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [QUESTION]},
    "/v1/responses": {"input": [QUESTION]},
    "/v1/messages": {"messages": [QUESTION], "max_tokens": 100},
    "/api/chat": {"messages": [QUESTION], "stream": False},
}
FORMATS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "person", "strict": True, "schema": SCHEMA},
        }
    },
    "/v1/responses": {
        "text": {
            "format": {"type": "json_schema", "name": "person", "strict": True, "schema": SCHEMA}
        }
    },
    "/api/chat": {"format": SCHEMA},
}


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    with live_server(model=str(write_scripted_checkpoint(folder, [answer(TEXT)]))) as server:
        yield server


@pytest.mark.parametrize("path", BODIES)
def test_characters_of_several_bytes_arrive_whole(path: str, scripted: LiveServer) -> None:
    assert ask(scripted, path) == TEXT


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_no_piece_of_a_stream_cuts_a_character(path: str, scripted: LiveServer) -> None:
    body = {"model": "scripted", "stream": True, **BODIES[path]}
    reply = scripted.http.post(path, json=body)
    assert "\ufffd" not in reply.text
    assert "🎉" in reply.text


@pytest.mark.parametrize("path", FORMATS)
def test_an_object_of_a_schema_ends(path: str, scripted: LiveServer) -> None:
    assert json.loads(ask(scripted, path, **FORMATS[path])) == PERSON


@pytest.mark.parametrize("path", ["/v1/messages", "/api/chat"])
def test_an_answer_that_is_begun_is_gone_on_with(path: str, scripted: LiveServer) -> None:
    begun = [QUESTION, {"role": "assistant", "content": BEGINNING}]
    assert BEGINNING + ask(scripted, path, messages=begun) == TEXT


def ask(server: LiveServer, path: str, **fields: Any) -> str:
    reply = server.http.post(path, json={"model": "scripted", **BODIES[path], **fields})
    assert reply.status_code == 200, reply.text
    said = reply.json()
    if path == "/v1/chat/completions":
        return str(said["choices"][0]["message"]["content"])
    if path == "/v1/responses":
        [text] = [item["content"][0]["text"] for item in said["output"] if "content" in item]
        return str(text)
    return str(said["message"]["content"] if path == "/api/chat" else said["content"][0]["text"])


# Qwen3's own template leaves the thoughts of earlier turns out.
KEEPS_THOUGHTS = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}{{ message.content }}<|im_end|>
{% endfor -%}
{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
THOUGHT = "Whom do I know?"
THOUGHTS: dict[str, Any] = {
    "/v1/chat/completions": {"role": "assistant", "content": "Ada", "reasoning_content": THOUGHT},
    "/v1/messages": {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": THOUGHT, "signature": ""},
            {"type": "text", "text": "Ada"},
        ],
    },
    "/api/chat": {"role": "assistant", "content": "Ada", "thinking": THOUGHT},
}


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    write_scripted_checkpoint(folder, [answer(TEXT)])
    (folder / "chat_template.jinja").write_text(KEEPS_THOUGHTS)
    with live_server(model=str(folder)) as server:
        yield server


@pytest.mark.parametrize("path", THOUGHTS)
def test_a_template_that_wants_earlier_thoughts_gets_them(path: str, keeping: LiveServer) -> None:
    counts: list[int] = []
    keeping.service.on_finished.append(lambda done: counts.append(done.usage.prompt_tokens))
    without = {"role": "assistant", "content": "Ada"}
    for turn in (without, THOUGHTS[path]):
        assert ask(keeping, path, messages=[QUESTION, turn, QUESTION]) == TEXT
    assert counts[1] > counts[0] + 3
