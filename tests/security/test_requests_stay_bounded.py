"""Every field has a limit with a clear error, and no body stops other streams."""

from __future__ import annotations

import json
import logging
import re
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.datastructures import State

from qwen3mlx.server import bounds
from qwen3mlx.server.api import Api
from qwen3mlx.server.http.error_responses import ErrorResponses
from tests.server.live import LiveServer, live_server
from tests.server.raw import RawReply, ask, parse

Json = dict[str, Any]
# The user's key, which opens every path.
KEY = "of-the-person"
# Declared to be left out or refused, whatever they hold.
ANYTHING = ("mcp_servers", "container", "context_management[]", "images[]")


@pytest.fixture(scope="module")
def described() -> Json:
    """The OpenAPI description of every dialect."""
    return Api(State(), ErrorResponses({})).openapi()


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live_server(model="demo", parent_key=KEY) as running:
        yield running


def inputs(described: Json) -> Iterator[tuple[str, Json]]:
    """Yield the schema of every parameter and body, with its place."""
    for path, item in described["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path} {parameter['name']}", parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{method} {path} ", content["schema"]


def unbounded(described: Json, schema: Json, where: str, seen: tuple[str, ...]) -> Iterator[str]:
    """Yield the places in `schema` without a limit."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in seen:
            known = described["components"]["schemas"][name]
            yield from unbounded(described, known, where, (*seen, name))
        return
    members = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for member in members:
        yield from unbounded(described, member, where, seen)
    if members or "enum" in schema or "const" in schema:
        return
    needed: tuple[tuple[str, ...], ...] = {
        "string": (("maxLength",),),
        "array": (("maxItems",),),
        "object": (("maxProperties",),),
        "integer": (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")),
        "number": (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")),
        "boolean": (),
        "null": (),
    }.get(schema.get("type", ""), (("type",),))
    if not all(any(word in schema for word in words) for words in needed):
        yield where
    if "items" in schema:
        yield from unbounded(described, schema["items"], f"{where}[]", seen)
    for name, field in schema.get("properties", {}).items():
        yield from unbounded(described, field, f"{where}.{name}", seen)


def test_every_field_of_every_dialect_has_a_limit(described: Json) -> None:
    found = list(inputs(described))
    assert len(found) > 50
    missing = [
        place for where, schema in found for place in unbounded(described, schema, where, ())
    ]
    assert [place for place in missing if not place.endswith(ANYTHING)] == []


def bodies(described: Json) -> Iterator[tuple[str, str]]:
    """Yield every method and path that takes a body."""
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation:
                yield method, re.sub(r"{.*?}", "some", path)


# A body that is none, and what is said of it.
NO_JSON = {
    "deep": (b'{"model":' + b"[" * 100_000, "200 levels"),
    "deep and whole": (b"[" * 300 + b"]" * 300, "200 levels"),
    "digits": (b'{"model":' + b"9" * 10_000 + b"}", "number out of range"),
    "float": (b'{"temperature":1e400}', "temperature must be a number"),
    "whole": (b'{"a":[0,{"seed":' + b"9" * 4000 + b"}]}", "a[1].seed must be a number"),
    "nan": (b'{"temperature":NaN}', "temperature must be a number"),
    "bytes": (b'{"model":"\xff\xfe"}', "not valid JSON"),
    "nul": (b'{"model":"\0"}', "not valid JSON"),
    "utf-16": ('{"model":"demo"}'.encode("utf-16"), "not valid JSON"),
    "two": (b"{}{}", "not valid JSON"),
    "open": (b'{"model":"demo"', "not valid JSON"),
    "items": (b'{"messages":[' + b"{}," * 1_000_000 + b"{}]}", "300000 values"),
    "lists": (b'{"messages":[' + b"[]," * 1_000_000 + b"[]]}", "300000 values"),
    "keys": (b"{" + b'"":0,' * 1_000_000 + b'"":0}', "300000 values"),
    "objects": (b'{"a":[' + b"{}," * 60_000 + b"{}]}", "50000 objects"),
    "strings": (b'{"a":[' + b'"",' * 1_000_000 + b'""]}', "300000 values"),
    "key": (b'{"' + b"k" * 200_000 + b'":0}', "longer than 1024"),
}


def send(server: LiveServer, method: str, path: str, body: Any) -> RawReply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"{method.upper()} {path} HTTP/1.1\nHost: localhost\nContent-Length: {len(data)}"
    head += f"\nAuthorization: Bearer {KEY}"
    return ask(server.port, head, data)


@pytest.mark.parametrize("kind", NO_JSON)
def test_invalid_bodies_are_refused_in_one_sentence(
    server: LiveServer, described: Json, kind: str
) -> None:
    """Send it to every path that takes a body, in that dialect's form."""
    body, words = NO_JSON[kind]
    paths = list(bodies(described))
    assert len(paths) > 25
    for method, path in paths if len(body) < 150_000 else paths[:1]:
        reply = send(server, method, path, body)
        assert (reply.status, path) == (400, path)
        assert words in json.dumps(reply.json)
        assert len(reply.body) < 400


def test_many_headers(server: LiveServer) -> None:
    head = "GET /v1/models HTTP/1.1\nHost: localhost" + "\nX: a" * 1000
    reply = ask(server.port, head)
    assert reply.status == 431
    assert "200 headers" in reply.json["error"]["message"]


def test_many_chunks(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    """The rest of them is not read; the request ends, and nothing of it is a fault."""
    body = b'{"prompt":"' + b"a" * 60_000 + b'"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = "POST /tokenize HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
    reply = ask(server.port, head, chunks)
    assert reply.status == 413
    assert "50000 chunks" in reply.json["error"]["message"]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_many_fields(server: LiveServer, described: Json) -> None:
    body = {f"field{i}": i for i in range(2000)}
    for method, path in bodies(described):
        reply = send(server, method, path, body)
        assert (reply.status, path) == (400, path)
        assert b"at most 1000 fields" in reply.body
        assert len(reply.body) < 400


HI = [{"role": "user", "content": "hi"}]
CHAT: Json = {"model": "demo", "messages": HI, "max_tokens": 1}
TEXT: Json = {"model": "demo", "prompt": "hi", "max_tokens": 1}
ITEMS: Json = {"model": "demo", "input": "hi", "max_output_tokens": 1}
OLLAMA: Json = {"model": "demo", "messages": HI, "stream": False, "options": {"num_predict": 1}}
LMSTUDIO: Json = {"model": "demo", "input": "hi", "max_output_tokens": 1}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
# An excessive value, the field that the error names, and where it is sent.
TOO_MUCH: dict[str, tuple[str, Json, str]] = {
    "stops": ("/v1/chat/completions", {**CHAT, "stop": ["a"] * 65}, "stop"),
    "stop": ("/v1/chat/completions", {**CHAT, "stop": "a" * 257}, "stop"),
    "stop of Anthropic": ("/v1/messages", {**CHAT, "stop_sequences": ["a"] * 65}, "stop_sequences"),
    "stop of Ollama": ("/api/chat", {**OLLAMA, "options": {"stop": ["a"] * 65}}, "options.stop"),
    "stop ids": ("/v1/completions", {**TEXT, "stop_token_ids": [1] * 10_001}, "stop_token_ids"),
    "biases": (
        "/v1/completions",
        {**TEXT, "logit_bias": {str(i): 1 for i in range(10_001)}},
        "logit_bias",
    ),
    "messages": ("/v1/chat/completions", {**CHAT, "messages": HI * 10_001}, "messages"),
    "messages of Anthropic": ("/v1/messages", {**CHAT, "messages": HI * 10_001}, "messages"),
    "messages of Ollama": ("/api/chat", {**OLLAMA, "messages": HI * 10_001}, "messages"),
    "items": ("/v1/responses", {**ITEMS, "input": HI * 10_001}, "input"),
    "items of LM Studio": (
        "/api/v1/chat",
        {**LMSTUDIO, "input": [{"type": "text", "content": "hi"}] * 10_001},
        "input",
    ),
    "tools": ("/v1/chat/completions", {**CHAT, "tools": [FUNCTION] * 1025}, "tools"),
    "prompts": ("/v1/completions", {**TEXT, "prompt": ["a"] * 2049}, "prompt"),
    "product": ("/v1/completions", {**TEXT, "prompt": ["a"] * 17, "n": 128}, "n"),
    "inputs": ("/v1/embeddings", {"model": "demo", "input": ["a"] * 2049}, "input"),
    "inputs of Ollama": ("/api/embed", {"model": "demo", "input": ["a"] * 2049}, "input"),
    "texts": ("/api/qwen3mlx/tokens", {"texts": ["a"] * 10_001}, "texts"),
    "choices": ("/v1/completions", {**TEXT, "guided_choice": ["a"] * 10_001}, "guided_choice"),
    "grammar": ("/v1/completions", {**TEXT, "grammar": "#" * 1_000_001}, "grammar"),
    "regex": ("/v1/completions", {**TEXT, "guided_regex": "a" * 1_000_001}, "guided_regex"),
    "include": ("/v1/responses", {**ITEMS, "include": ["x"] * 65}, "include"),
    "name": ("/v1/responses", {**ITEMS, "user": "a" * 1025}, "user"),
    "model": ("/v1/completions", {**TEXT, "model": "a" * 4097}, "model"),
    "tool choice": ("/v1/chat/completions", {**CHAT, "tool_choice": "a" * 2000}, "tool_choice"),
    "seed": ("/v1/completions", {**TEXT, "seed": 2**64}, "seed"),
    "penalty": ("/v1/completions", {**TEXT, "presence_penalty": 1e300}, "presence_penalty"),
    "token": ("/detokenize", {"tokens": [2**70]}, "tokens[0]"),
    "tool name": (
        "/v1/chat/completions",
        {**CHAT, "tools": [{"type": "function", "function": {"name": "f" * 1025}}]},
        "tools[0].function.name",
    ),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_too_much_of_a_field_is_refused_by_its_name(server: LiveServer, kind: str) -> None:
    path, body, field = TOO_MUCH[kind]
    reply = send(server, "POST", path, body)
    assert reply.status == 400, reply.body[:300]
    error = reply.json["error"]
    assert field in (error if isinstance(error, str) else error["message"])
    assert len(reply.body) < 500


ODD: dict[str, Any] = {
    "huge": 10**300,
    "small": -(10**300),
    "half": "\ud800",
    "nul": "a\0b",
    "deep": json.loads("[" * 150 + "]" * 150),
    "deep object": json.loads('{"a":' * 150 + "1" + "}" * 150),
    "empty": [{}] * 5000,
    "long": "a" * 200_000,
}
HOLDERS: list[tuple[str, Json, str]] = [
    ("/v1/chat/completions", CHAT, "chat_template_kwargs"),
    ("/v1/chat/completions", CHAT, "metadata"),
    ("/v1/chat/completions", CHAT, "tool_choice"),
    ("/v1/chat/completions", CHAT, "response_format"),
    ("/v1/responses", ITEMS, "chat_template_kwargs"),
    ("/v1/responses", ITEMS, "text"),
    ("/v1/messages", CHAT, "output_config"),
    ("/v1/messages", CHAT, "metadata"),
    ("/api/chat", OLLAMA, "format"),
    ("/api/v1/models/load", {"model": "demo"}, "rope_scaling"),
]


SLOW = ("huge", "small", "deep object", "long", "empty", "half")


@pytest.mark.usefixtures("caplog")
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind in SLOW)) for kind in ODD]
)
def test_odd_values_in_objects_that_hold_what_they_like(server: LiveServer, kind: str) -> None:
    value = ODD[kind]
    schema = {"type": "object", "properties": {"a": {"const": value}}}
    function = {"name": "f", "description": value, "parameters": schema}
    called = {"id": "a", "type": "function", "function": {"name": "f", "arguments": {"a": value}}}
    cases = [(path, {**body, field: {"a": value}}) for path, body, field in HOLDERS]
    cases += [(path, {**body, field: value}) for path, body, field in HOLDERS]
    cases += [
        ("/v1/chat/completions", {**CHAT, "tools": [{"type": "function", "function": function}]}),
        ("/v1/messages", {**CHAT, "tools": [{"name": "f", "input_schema": schema}]}),
        ("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": value}]}),
        ("/v1/messages", {**CHAT, "messages": [{"role": "user", "content": value}]}),
        ("/v1/responses", {**ITEMS, "input": [{"role": "user", "content": value}]}),
        ("/api/chat", {**OLLAMA, "messages": [{"role": "user", "content": value}]}),
        (
            "/v1/chat/completions",
            {**CHAT, "messages": [*HI, {"role": "assistant", "tool_calls": [called]}]},
        ),
    ]
    for path, body in cases:
        reply = send(server, "POST", path, body)
        assert reply.status in (200, 400), (path, reply.body[:300])


def test_half_a_pair_is_read_as_no_character(server: LiveServer) -> None:
    """JavaScript can cut a string between surrogates."""
    body = json.dumps({"content": "a\ud800b \ud83d\ude00 \\ud83d", "with_pieces": True})
    assert "\\ud800" in body
    pieces = send(server, "POST", "/tokenize", body.encode()).json["tokens"]
    whole = b"".join(
        piece["piece"].encode() if isinstance(piece["piece"], str) else bytes(piece["piece"])
        for piece in pieces
    )
    assert whole.decode() == "a\ufffdb \U0001f600 \\ud83d"


def test_the_bodies_of_all_requests_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_BODIES", 2)
    with live_server(max_body_bytes=100_000) as small, ExitStack() as opened:
        unfinished = [
            opened.enter_context(socket.create_connection(("127.0.0.1", small.port), timeout=20))
            for _ in range(3)
        ]
        head = "POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000\r\n\r\n"
        for connection in unfinished:
            connection.sendall(head.format("tokenize").encode() + b" " * 70_000)
        refused, _, _ = select.select(unfinished, [], [], 20)
        assert [parse(connection.recv(65536)).status for connection in refused] == [503]
        reply = send(small, "POST", "/v1/messages", b" " * 90_000)
        assert (reply.status, reply.header("retry-after")) == (503, "5")
        assert reply.json["error"]["type"] == "overloaded_error"
        for connection in unfinished:
            connection.close()
        assert small.http.post("/tokenize", json={"prompt": "a" * 80_000}).status_code == 200
