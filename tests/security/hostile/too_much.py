"""Request values that are too long, too many or too deep, or grow when used."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .mutations import odd

Json = dict[str, Any]
MESSAGES = [{"role": "user", "content": "Hello!"}]
CHAT, COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
MESSAGE, OLLAMA, EMBEDDINGS = "/v1/messages", "/api/chat", "/v1/embeddings"


def _schema(schema: Json) -> Json:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
    return {"response_format": form}


def _pattern(rng: random.Random) -> str:
    return rng.choice(
        [f"^(a|b)*a(a|b){{{rng.randrange(8, 40)}}}$", f"^.*x.{{{rng.randrange(8, 60)}}}$",
         "^(a{1,99}){1,99}$", "^[a-z]{0,2000}$", "(" * 500 + ")" * 500, "^(([^x]*)x){30}$"]
    )  # fmt: skip


def _nested(rng: random.Random) -> Json:
    schema: Json = {"type": "string", "pattern": _pattern(rng)}
    for _ in range(rng.choice([3, 60, 300])):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


def _patterns(rng: random.Random) -> Json:
    """Several patterns at once multiply their states."""
    parts = [{"pattern": _pattern(rng)} for _ in range(rng.choice([2, 5, 12]))]
    refs = {f"d{i}": part for i, part in enumerate(parts)}
    together: Json = {"type": "string", "allOf": parts}
    if rng.random() < 0.5:
        together = {"$defs": refs, "allOf": [{"$ref": f"#/$defs/{name}"} for name in refs]}
    return {"type": "object", "properties": {"a": together}, "required": ["a"]}


def _tools(rng: random.Random) -> Json:
    count = rng.choice([3, 40, 400])
    tools = [
        {"type": "function", "function": {"name": f"t{i}", "parameters": _patterns(rng)}}
        for i in range(count)
    ]
    return {"tools": tools, "tool_choice": "required"}


TOO_MUCH: list[tuple[str, str, Callable[[random.Random], Json]]] = [
    ("patterns under allOf", CHAT, lambda rng: _schema(_patterns(rng))),
    ("a deep schema", CHAT, lambda rng: _schema(_nested(rng))),
    ("many tools with patterns", CHAT, _tools),
    ("a long const", CHAT, lambda rng: _schema({"const": "x" * 300_000})),
    ("a long enum", CHAT, lambda rng: _schema({"enum": [f"v{i}" for i in range(50_000)]})),
    ("long names", CHAT, lambda rng: _schema({"required": ["k" * 300_000]})),
    ("huge counts", CHAT, lambda rng: _schema(
        {"type": "array", "items": {"type": "integer"}, "minItems": 10**rng.randrange(3, 12)})),
    ("a schema that refers to itself", CHAT, lambda rng: _schema(
        {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 20}}, "$ref": "#/$defs/a"})),
    ("a long prompt", CHAT, lambda rng: {
        "messages": [{"role": "user", "content": "word " * (200 * 10**rng.randrange(1, 4))}]}),
    ("many messages", CHAT, lambda rng: {"messages": MESSAGES * 10 ** rng.randrange(3, 6)}),
    ("many stops", CHAT, lambda rng: {"stop": [f"s{i}" for i in range(50_000)]}),
    ("a long stop", CHAT, lambda rng: {"stop": ["s" * 1_000_000]}),
    ("many answers", CHAT, lambda rng: {"n": rng.choice([129, 10**6, 2**63])}),
    ("prompts times answers", COMPLETIONS, lambda rng: {
        "prompt": ["a"] * 10_000, "n": 100, "max_tokens": 1}),
    ("many empty prompts", COMPLETIONS, lambda rng: {"prompt": [""] * 1_000_000}),
    ("many token ids", COMPLETIONS, lambda rng: {"prompt": [5] * 2_000_000}),
    ("token ids out of range", COMPLETIONS, lambda rng: {
        "prompt": [rng.choice([-1, 1984, 10**9, 2**64])]}),
    ("many biases", CHAT, lambda rng: {"logit_bias": {str(i): 1 for i in range(200_000)}}),
    ("many inputs", EMBEDDINGS, lambda rng: {"input": ["a"] * 300_000}),
    ("a long input", EMBEDDINGS, lambda rng: {"input": "word " * 300_000}),
    ("a long text", "/tokenize", lambda rng: {"prompt": "word " * 1_000_000}),
    ("many ids", "/detokenize", lambda rng: {"tokens": [5] * 2_000_000}),
    ("many items", RESPONSES, lambda rng: {"input": [{}] * 2_000_000}),
    ("references", RESPONSES, lambda rng: {
        "input": [{"type": "item_reference", "id": f"msg_{i}"} for i in range(50_000)]}),
    ("turns to leave out", RESPONSES, lambda rng: {
        "input": MESSAGES * 20_000, "truncation": "auto"}),
    ("much metadata", RESPONSES, lambda rng: {"metadata": {f"k{i}": "v" for i in range(100_000)}}),
    ("many blocks", MESSAGE, lambda rng: {"messages": [
        {"role": "user", "content": [{"type": "text", "text": "a"}] * 200_000}]}),
    ("a picture", CHAT, lambda rng: {"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3000_000}}]}]}),
    ("a grammar without end", CHAT, lambda rng: {"grammar": rng.choice([
        "root ::= root root | root", 'root ::= "a"{1,1000000}', "root ::= " + "(" * 10_000])}),
    ("a regex without end", CHAT, lambda rng: {"guided_regex": _pattern(rng)}),
    ("many choices", CHAT, lambda rng: {"guided_choice": [f"c{i}" for i in range(100_000)]}),
    ("template arguments", CHAT, lambda rng: {"chat_template_kwargs": {
        rng.choice(["messages", "tools", "a" * 10_000, "enable_thinking"]): odd(rng)}}),
    ("names that forge lines", CHAT, lambda rng: {"model": "demo\r\nINFO forged\x1b[2J" * 300}),
    ("items", "/v1/conversations", lambda rng: {
        "items": [{"type": "message", "role": "user", "content": "a"}] * 100_000}),
]  # fmt: skip
