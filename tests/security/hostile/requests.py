"""Requests to every route: almost valid bodies, excessive values, and noise."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import KEY, Cases
from .mutations import damaged, json_bytes, mutated, odd
from .too_much import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MESSAGE,
    MESSAGES,
    OLLAMA,
    RESPONSES,
    TOO_MUCH,
)

Json = dict[str, Any]
Made = tuple[str, bytes, bool]  # a name, the bytes, and whether the request is whole
PLACE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": PLACE}}
# Bodies that are answered, in few tokens; other routes get what their schema allows.
GOOD: dict[str, Json] = {
    CHAT: {"messages": MESSAGES, "max_tokens": 4, "tools": [TOOL], "tool_choice": "auto",
           "response_format": {"type": "json_schema", "json_schema": {
               "name": "x", "schema": {"type": "object", "properties": {"a": {"enum": [1, 2]}}}}},
           "temperature": 0.7, "top_p": 0.9, "stop": ["x"], "seed": 1, "n": 2, "stream": False,
           "logit_bias": {"5": 1}, "logprobs": True, "top_logprobs": 2, "user": "u"},
    COMPLETIONS: {"prompt": ["Once", "Twice"], "max_tokens": 4, "n": 1, "echo": True, "logprobs": 1,
                  "stop": "x", "seed": 3, "presence_penalty": 0.5, "best_of": 1},
    EMBEDDINGS: {"input": ["a", "b"], "encoding_format": "float"},
    RESPONSES: {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
                "max_output_tokens": 4, "instructions": "Be brief.", "tools": [], "store": True,
                "metadata": {"a": "b"}, "truncation": "auto", "text": {"format": {"type": "text"}},
                "reasoning": {"effort": "low"}, "include": []},
    MESSAGE: {"messages": MESSAGES, "max_tokens": 4, "system": "Be brief.", "stop_sequences": ["x"],
              "tools": [{"name": "w", "input_schema": {"type": "object"}}],
              "metadata": {"user_id": "u"}, "thinking": {"type": "disabled"}},
    "/v1/messages/count_tokens": {"messages": MESSAGES},
    "/tokenize": {"prompt": "Hello"},
    "/detokenize": {"tokens": [1, 2, 3]},
    OLLAMA: {"messages": MESSAGES, "stream": False, "options": {"num_predict": 4, "stop": ["x"]},
             "format": {"type": "object"}, "keep_alive": "5m", "tools": [TOOL]},
    "/api/generate": {"prompt": "Once", "stream": False, "options": {"num_predict": 4}},
    "/api/embed": {"input": ["a"]},
    "/api/embeddings": {"prompt": "a"},
    "/api/v1/chat": {"input": "Hello", "max_output_tokens": 4, "store": True},
    "/api/v0/chat/completions": {"messages": MESSAGES, "max_tokens": 4},
    "/api/v0/completions": {"prompt": "Once", "max_tokens": 4},
    "/api/qwen3mlx/tokens": {"texts": ["a"], "messages": MESSAGES},
    "/v1/conversations": {"items": [{"type": "message", "role": "user", "content": "Hi"}]},
}  # fmt: skip

KEPT = ("model", "messages", "prompt", "input", "max_tokens", "max_output_tokens", "options")


def cases(rng: random.Random) -> Cases:
    makers = [_nearly, _nearly, _nearly, _nearly, _too_much, _too_much, _path, _encoded, _noise]
    while True:
        name, data, is_whole = rng.choice(makers)(rng)
        yield f"request: {name}", partial(_write, data=data, is_whole=is_whole)


def _write(folder: Path, data: bytes, is_whole: bool) -> None:
    (folder / ("whole.http" if is_whole else "unfinished.http")).write_bytes(data)


@cache
def _routes() -> tuple[list[tuple[str, str, Json]], Json]:
    """Method, path and body's schema of each route, and the schemas that those refer to."""
    from starlette.datastructures import State

    from qwen3mlx.server.api import Api
    from qwen3mlx.server.http.error_responses import ErrorResponses

    described = Api(State(), ErrorResponses({})).openapi()
    routes = [
        (method.upper(), path, _body_schema(operation))
        for path, operations_ in described["paths"].items()
        for method, operation in operations_.items()
    ]
    return routes, described["components"]["schemas"]


def _body_schema(operation: Json) -> Json:
    content = operation.get("requestBody", {}).get("content", {})
    schema: Json = content.get("application/json", {}).get("schema", {})
    return schema


def example(rng: random.Random, schema: Any, depth: int = 4) -> Any:
    """A value that the schema more or less allows."""
    if not isinstance(schema, dict) or not schema or depth < 0:
        return rng.choice(["x", 1, None, [], {}])
    if "$ref" in schema:
        return example(rng, _routes()[1][schema["$ref"].rpartition("/")[2]], depth - 1)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(rng, rng.choice(schema[several]), depth)
    if "enum" in schema or "const" in schema:
        return rng.choice(schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        return {
            name: example(rng, each, depth - 1)
            for name, each in schema.get("properties", {}).items()
            if name in required or rng.random() < 0.3
        }
    if kind == "array":
        return [example(rng, schema.get("items"), depth - 1) for _ in range(rng.randrange(3))]
    return {"string": rng.choice(["demo", "Hello", "x", ""]), "integer": rng.randrange(4),
            "number": rng.random(), "boolean": rng.random() < 0.5}.get(str(kind))  # fmt: skip


def http(
    method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """Send one request on a new connection, with an admin key."""
    given = {
        "Host": "127.0.0.1",
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in given.items())]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + body


def _target(rng: random.Random, path: str) -> str:
    while "{" in path:
        start, _, rest = path.partition("{")
        path = (
            start
            + rng.choice(["demo", "x", "resp_1", "..", "%00", "a" * 3_000])
            + rest.partition("}")[2]
        )
    return path


def _nearly(rng: random.Random) -> Made:
    """A valid request with some parts changed."""
    method, path, schema = rng.choice(_routes()[0])
    if rng.random() < 0.6:
        method, path = "POST", rng.choice(list(GOOD))
    body = {"model": "demo", **GOOD[path]} if path in GOOD else example(rng, schema)
    if path in GOOD:
        body = {k: v for k, v in body.items() if k in KEPT or rng.random() < 0.5}
    if rng.random() < 0.9:
        body = mutated(rng, body, rng.choice([1, 1, 2, 4]))
    return f"{method} {path}", http(method, _target(rng, path), json_bytes(rng, body)), True


def _too_much(rng: random.Random) -> Made:
    """Lists, strings and products that have no end in sight."""
    name, path, change = rng.choice(TOO_MUCH)
    body = {"model": "demo", **GOOD[path]}
    for key in ("tools", "response_format", "format", "n", "logit_bias"):
        body.pop(key, None)
    body |= change(rng)
    return f"{path} with {name}", http("POST", path, json.dumps(body).encode()), True


def _path(rng: random.Random) -> Made:
    """Targets, methods and query strings that the server does not have."""
    method, path, _ = rng.choice(_routes()[0])
    path = _target(rng, path)
    targets = [
        path + "?" + "&".join(f"a{i}=b" for i in range(5_000)),
        path + "?limit=" + quote(str(odd(rng)).encode("utf-8", "replace")[:5_000]),
        path.replace("/", "//"), path + "/..", "/" + "../" * 50 + "etc/passwd", path + "%2e%2e%2f",
        "/%" * 2_000, "*", "http://169.254.169.254" + path, "/" + "a" * 60_000, path + "#x",
        path.upper(), "/\xff\xfe", path + "?path=/etc/passwd&name=%00&order=desc&after=x&limit=0",
    ]  # fmt: skip
    method = rng.choice([method, method, "GET", "DELETE", "PUT", "TRACE", "CONNECT", "BREW", ""])
    return f"{method} of another target", http(method, rng.choice(targets)), True


def _encoded(rng: random.Random) -> Made:
    """Bodies in other encodings, and what grows when it is unpacked."""
    path = rng.choice([CHAT, OLLAMA, MESSAGE, "/tokenize"])
    body = json.dumps({"model": "demo", **GOOD[path]}).encode()
    blown = (
        gzip.compress(b'{"prompt": "' + b"a" * 300_000_000 + b'"}', 1)
        if rng.random() < 0.1
        else b""
    )
    encoding, data = rng.choice(
        [
            ("gzip", blown or gzip.compress(body)),
            ("gzip", damaged(rng, gzip.compress(body))),
            ("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(body)))),
            ("deflate", zlib.compress(body)),
            ("zstd", rng.randbytes(100)),
            ("br", rng.randbytes(100)),
            ("nonsense", body),
            ("identity", body.decode().encode(rng.choice(["utf-16", "utf-32", "utf-8-sig"]))),
        ]
    )
    kinds = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "x",
        "",
    ]
    headers = {"Content-Encoding": encoding, "Content-Type": rng.choice(kinds)}
    return f"{path} as {encoding}", http("POST", path, data, headers), True


def _noise(rng: random.Random) -> Made:
    """Data that is barely HTTP."""
    body = json.dumps({"model": "demo", **GOOD[CHAT]}).encode()
    good = http("POST", CHAT, body)
    head = good[: -len(body)]
    name, data = rng.choice(
        [
            ("bytes changed", damaged(rng, good)),
            ("random bytes", rng.randbytes(rng.choice([1, 100, 100_000]))),
            (
                "a TLS greeting",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(508),
            ),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("no end of headers", head[:-2] + b"X-A: b\r\n" * 100),
            ("many headers", head[:-2] + b"X-A: b\r\n" * 20_000 + b"\r\n" + body),
            ("a long header", head[:-2] + b"X-A: " + b"b" * 1_000_000 + b"\r\n\r\n" + body),
            ("a body cut", good[:-10]),
            ("two lengths", head[:-2] + b"Content-Length: 5\r\n\r\n" + body),
            ("a negative length", http("POST", CHAT, body, {"Content-Length": "-1"})),
            ("a huge length", http("POST", CHAT, body, {"Content-Length": str(10**18)})),
            (
                "length and chunks",
                head[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + good,
            ),
            (
                "odd chunks",
                _chunked(rng.choice([b"-1", b"FFFFFFFFFFFFFFFF", b"zz", b"5;a=b" * 999])),
            ),
            ("chunks cut", _chunked(b"64")),
            ("two at once", good.replace(b"close", b"keep-alive") + good),
            (
                "a websocket",
                http("GET", CHAT, b"", {"Upgrade": "websocket", "Connection": "Upgrade"}),
            ),
            ("expecting", http("POST", CHAT, body, {"Expect": rng.choice(["100-continue", "x"])})),
            (
                "another host",
                http("POST", CHAT, body, {"Host": rng.choice(["", "evil.example", "\0"])}),
            ),
            ("no version", b"GET /health\r\n\r\n"),
            ("version 9", b"GET /health HTTP/9.9\r\n\r\n"),
        ]
    )
    return name, data, False


def _chunked(size: bytes) -> bytes:
    head = http("POST", CHAT).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + size + b"\r\n{}\r\n"
