"""JSON schemas over HTTP, in every dialect: enforcement, warnings and refusals."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from .live import LiveServer

pytestmark = pytest.mark.usefixtures("caplog")

WARNING = "X-Qwen3MLX-Warning"
# What generators write, and what no grammar holds, beside a property that it does.
ODD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "mail": {"type": "string", "pattern": r"^(?!\.)[a-z.]+@[a-z]+$"},
        "back": {"type": "string", "pattern": r"^(a|b)\1$"},
        "end": {"type": "string", "pattern": r"^[a-z]+\Z"},
        "id": {"type": "integer", "enum": [9007199254740993], "maximum": 2**63 - 1},
        "away": {"$ref": "https://example.com/a.json"},
        "none": {"enum": []},
        "step": {"type": "integer", "multipleOf": 1_000_003},
        "any": {"type": "any"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        "object": {"type": "object", "properties": None, "required": None},
    },
    "required": None,
}
LOST = ("properties/away/$ref", "properties/none/enum")
UNHELD = ("properties/mail/pattern", "properties/back/pattern", "properties/id/enum")
ASK = [{"role": "user", "content": "hi"}]
SHORT: dict[str, Any] = {"model": "demo", "messages": ASK, "max_tokens": 4}


def tool(**more: Any) -> dict[str, Any]:
    return {"name": "f", "parameters": ODD, **more}


def with_tool(**more: Any) -> list[tuple[str, dict[str, Any]]]:
    """A request with that tool in each dialect: its path and body."""
    nested = [{"type": "function", "function": tool(**more)}]
    flat = [{"type": "function", **tool(**more)}]
    own = [{"name": "f", "input_schema": ODD, **more}]
    asked = {"model": "demo", "input": "hi", "max_output_tokens": 4, "tools": flat}
    ollama = {**SHORT, "tools": nested, "stream": False, "options": {"num_predict": 4}}
    ollama.pop("max_tokens")
    return [
        ("/v1/chat/completions", {**SHORT, "tools": nested}),
        ("/api/v0/chat/completions", {**SHORT, "tools": nested}),
        ("/v1/responses", asked),
        ("/v1/messages", {**SHORT, "tools": own}),
        ("/api/chat", ollama),
    ]


def with_schema(schema: dict[str, Any], **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """A request for an answer in that schema."""
    named = {"name": "s", "schema": schema, **more}
    asked: dict[str, Any] = {"model": "demo", "messages": ASK, "temperature": 0}
    own_format = {"type": "json_schema", "schema": schema}
    return [
        (
            "/v1/chat/completions",
            {**asked, "response_format": {"type": "json_schema", "json_schema": named}},
        ),
        (
            "/v1/responses",
            {
                "model": "demo",
                "input": "hi",
                "temperature": 0,
                "text": {"format": {"type": "json_schema", **named}},
            },
        ),
        (
            "/v1/messages",
            {**asked, "max_tokens": 300, "output_config": {"format": own_format}},
        ),
        (
            "/api/chat",
            {
                "model": "demo",
                "messages": ASK,
                "format": schema,
                "stream": False,
                "options": {"temperature": 0},
            },
        ),
    ]


def content_of(body: dict[str, Any]) -> str:
    if "choices" in body:
        return str(body["choices"][0]["message"]["content"])
    if "output" in body:
        texts = [item for item in body["output"] if item["type"] == "message"]
        return str(texts[0]["content"][0]["text"])
    if "message" in body:
        return str(body["message"]["content"])
    return "".join(block.get("text", "") for block in body["content"])


@pytest.mark.parametrize("index", range(5))
def test_a_tool_that_only_advises_loses_parts_and_says_which(
    server: LiveServer, index: int
) -> None:
    path, body = with_tool()[index]
    reply = server.http.post(path, json=body)
    assert reply.status_code == 200, reply.text
    said = " ".join(reply.headers.get_list(WARNING))
    for part in (*LOST, *UNHELD):
        assert part in said
    assert "properties/any" not in said
    assert "properties/object" not in said


@pytest.mark.parametrize("index", range(4))
def test_a_strict_tool_is_refused_by_the_part_that_nothing_holds(
    server: LiveServer, index: int
) -> None:
    path, body = with_tool(strict=True)[index]
    reply = server.http.post(path, json=body)
    assert reply.status_code == 400
    assert LOST[0] in reply.text


@pytest.mark.parametrize("index", range(4))
def test_an_answer_satisfies_what_no_grammar_holds(server: LiveServer, index: int) -> None:
    schema = {
        "type": "object",
        "properties": {
            "tags": {
                "type": "array",
                "items": {"enum": ["a", "b", "c"]},
                "uniqueItems": True,
                "minItems": 2,
                "maxItems": 3,
            },
            "odd": {"type": "integer", "minimum": 0, "maximum": 9, "not": {"multipleOf": 2}},
        },
        "required": ["tags", "odd"],
    }
    path, body = with_schema(schema)[index]
    reply = server.http.post(path, json=body)
    assert reply.status_code == 200, reply.text
    jsonschema.validate(json.loads(content_of(reply.json())), schema)
    assert WARNING not in reply.headers


@pytest.mark.parametrize("index", range(2))
def test_a_strict_schema_is_refused_by_the_part_that_nothing_holds(
    server: LiveServer, index: int
) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": []}}}
    path, body = with_schema(schema, strict=True)[index]
    refused = server.http.post(path, json=body)
    assert refused.status_code == 400
    assert "properties/a/enum" in refused.json()["error"]["message"]
    path, body = with_schema(schema)[index]
    said = server.http.post(path, json=body)
    assert said.status_code == 200
    assert "properties/a/enum" in said.headers[WARNING]


@pytest.mark.parametrize("stream", [False, True])
def test_where_no_way_leads_to_a_valid_answer_the_error_says_at_which_part(
    server: LiveServer, stream: bool
) -> None:
    schema = {"type": "array", "items": {"const": 1}, "contains": {"const": 2}, "maxItems": 1}
    path, body = with_schema(schema)[0]
    reply = server.http.post(path, json={**body, "stream": stream, "enable_thinking": False})
    assert reply.status_code == (200 if stream else 400)
    assert "violates contains" in reply.text
    assert '"content":"["' not in reply.text
