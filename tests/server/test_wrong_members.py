"""Each member of a rich body, replaced by an invalid value, causes an error that names it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from .live import LiveServer

Json = dict[str, Any]

URL = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": URL}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
FUNCTION: Json = {"name": "f", "description": "d", "parameters": SCHEMA}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TEXT = {"type": "text", "text": "a"}
INPUT_TEXT = {"type": "input_text", "text": "a"}
BODIES: dict[str, Json] = {
    "/v1/chat/completions": {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [TEXT, IMAGE]},
            {"role": "assistant", "content": "c", "reasoning_content": "r", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "a", "content": [TEXT]},
            {"role": "user", "content": "b", "name": "n"},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "stop": ["x"],
        "reasoning": {"effort": "low"},
    },
    "/v1/responses": {
        "instructions": "i",
        "input": [
            {"type": "message", "role": "user", "content": [INPUT_TEXT]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}]},
            {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": [INPUT_TEXT]},
            {"role": "user", "content": "b"},
        ],
        "tools": [
            {"type": "function", **FUNCTION},
            {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
            {
                "type": "custom",
                "name": "c",
                "format": {"type": "grammar", "syntax": "regex", "definition": "a"},
            },
        ],
        "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}},
    },
    "/v1/messages": {
        "system": [TEXT],
        "messages": [
            {"role": "user", "content": [TEXT, {"type": "image", "source": {"data": ""}}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "t", "signature": ""},
                    TEXT,
                    {"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "a", "content": [TEXT]}],
            },
        ],
        "tools": [{"name": "f", "input_schema": SCHEMA, "description": "d"}],
        "tool_choice": {"type": "tool", "name": "f"},
    },
    "/api/chat": {
        "messages": [
            {"role": "user", "content": "a", "images": ["AA"]},
            {"role": "assistant", "content": "", "thinking": "t", "tool_calls": [CALL]},
            {"role": "tool", "tool_name": "f", "content": "r"},
            {"role": "user", "content": "b"},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "think": False,
    },
    "/api/v1/chat": {"input": [{"type": "text", "content": "a"}, {"type": "image"}]},
    "/tokenize": {"messages": [{"role": "user", "content": [TEXT]}]},
}
LIMITS: dict[str, Json] = {
    "/v1/responses": {"max_output_tokens": 1},
    "/api/v1/chat": {"max_output_tokens": 1},
    "/api/chat": {"options": {"num_predict": 1}, "stream": False},
    "/tokenize": {},
}
WRONG = [5, "zz", None, [], {}, True, [5], {"x": 5}, -1, 1.5]
Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in members:
        yield (*path, name)
        if isinstance(member, (dict, list)):
            yield from places(member, (*path, name))


def with_wrong(body: Json, path: Path, wrong: object) -> Json:
    changed: Any = copy.deepcopy(body)
    holder = changed
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = wrong
    made: Json = changed
    return made


def is_place(body: Any, path: str) -> bool:
    """`path` leads to a member, or to one that is missing from an object."""
    parts = re.findall(r"\[\d+\]|[^.\[\]]+", path)
    for number, part in enumerate(parts, start=1):
        key: Any = int(part[1:-1]) if part.startswith("[") else part
        if isinstance(key, int):
            if not isinstance(body, list) or key >= len(body):
                return False
        elif not isinstance(body, dict) or key not in body:
            return isinstance(body, dict) and number == len(parts)
        body = body[key]
    return bool(parts)


@pytest.mark.slow
@pytest.mark.usefixtures("caplog")  # what is left out is logged
@pytest.mark.parametrize("path", BODIES)
def test_an_error_says_where(server: LiveServer, path: str) -> None:
    lost = []
    for place in places(BODIES[path]):
        for wrong in WRONG:
            body = with_wrong(BODIES[path], place, wrong)
            limits = LIMITS.get(path, {"max_tokens": 1})
            reply = server.http.post(path, json={"model": "demo", **limits, **body})
            if reply.status_code == 200:
                continue
            error = reply.json()["error"]
            message = error if isinstance(error, str) else error["message"]
            named = error.get("param") if isinstance(error, dict) and "param" in error else None
            named = named or re.split("[ :]", message, maxsplit=1)[0]
            if reply.status_code != 400 or not is_place(body, named):
                lost.append((place, wrong, reply.status_code, message))
    assert lost == []
