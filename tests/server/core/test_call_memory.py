"""Call arguments that clients send back in another spelling hit the prefix cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.events import Usage
from qwen3mlx.server.core.call_memory import CallMemory, says_the_same
from tests.support.scripted import write_scripted_checkpoint

from ..live import LiveServer, live_server

Json = dict[str, Any]

WRITTEN = '{"command": "echo 1", "wait": 1.50}'
CALL = f'<tool_call>\n{{"name": "shell", "arguments": {WRITTEN}}}\n</tool_call>'
DONE = "All is done."
TASK = "Say one. " * 40
FUNCTION: Json = {"name": "shell", "parameters": {"type": "object"}}


def anew(text: str) -> str:
    """Serialize as JavaScript does: without blanks, and without trailing zeros."""
    return json.dumps(json.loads(text), separators=(",", ":"))


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("models") / "scripted"
    with live_server(model=str(write_scripted_checkpoint(folder, [CALL, DONE]))) as server:
        yield server


def post(server: LiveServer, path: str, **body: Any) -> Any:
    reply = server.http.post(path, json={"model": "scripted", **body})
    assert reply.status_code == 200, reply.text
    return reply.json()


def chat(server: LiveServer, path: str) -> str:
    tools = [{"type": "function", "function": FUNCTION}]
    messages: list[Json] = [{"role": "user", "content": TASK}]
    body = {"tools": tools}
    [choice] = post(server, path, messages=messages, **body)["choices"]
    [call] = choice["message"]["tool_calls"]
    assert call["function"]["arguments"] == WRITTEN
    call["function"]["arguments"] = anew(WRITTEN)
    messages += [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "1"}]
    [choice] = post(server, path, messages=messages, **body)["choices"]
    return str(choice["message"]["content"])


def responses(server: LiveServer, path: str) -> str:
    items: list[Json] = [{"role": "user", "content": TASK}]
    body = {"tools": [{"type": "function", "strict": False, **FUNCTION}], "store": False}
    [call] = post(server, path, input=items, **body)["output"]
    call["arguments"] = anew(call["arguments"])
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "1"}
    [message] = post(server, path, input=[*items, call, output], **body)["output"]
    return str(message["content"][0]["text"])


def anthropic(server: LiveServer, path: str) -> str:
    body: Json = {"tools": [{"name": "shell", "input_schema": FUNCTION["parameters"]}]}
    body |= {"thinking": {"type": "adaptive"}}
    messages: list[Json] = [{"role": "user", "content": TASK}]
    blocks = post(server, path, messages=messages, max_tokens=100, **body)["content"]
    result = {"type": "tool_result", "tool_use_id": blocks[0]["id"], "content": "1"}
    messages += [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]
    return str(post(server, path, messages=messages, max_tokens=100, **body)["content"][0]["text"])


def ollama(server: LiveServer, path: str) -> str:
    tools = [{"type": "function", "function": FUNCTION}]
    messages: list[Json] = [{"role": "user", "content": TASK}]
    body = {"tools": tools, "stream": False}
    messages.append(post(server, path, messages=messages, **body)["message"])
    messages.append({"role": "tool", "tool_name": "shell", "content": "1"})
    return str(post(server, path, messages=messages, **body)["message"]["content"])


@pytest.mark.parametrize(
    ("path", "loop"),
    [
        ("/v1/chat/completions", chat),
        ("/api/v0/chat/completions", chat),
        ("/v1/responses", responses),
        ("/v1/messages", anthropic),
        ("/api/chat", ollama),
    ],
)
def test_the_second_turn_finds_the_whole_first_one(
    scripted: LiveServer, usages: list[Usage], path: str, loop: Any
) -> None:
    assert loop(scripted, path) == DONE
    first, second = usages
    # The last token of an answer was never put into the model.
    assert second.cached_tokens >= first.prompt_tokens + first.completion_tokens - 1


def test_tokens_are_counted_of_what_is_computed(scripted: LiveServer) -> None:
    messages: list[Json] = [{"role": "user", "content": TASK}]
    tools = [{"type": "function", "function": FUNCTION}]
    body = {"messages": messages, "tools": tools}
    message = post(scripted, "/v1/chat/completions", **body)["choices"][0]["message"]
    counts = []
    for arguments in (WRITTEN, anew(WRITTEN), '{"command":"other"}'):
        message["tool_calls"][0]["function"]["arguments"] = arguments
        asked = [*messages, message]
        counts.append(post(scripted, "/tokenize", messages=asked, tools=tools)["count"])
    assert counts[0] == counts[1] > counts[2]


def call(call_id: str, arguments: object) -> Json:
    return {"id": call_id, "function": {"name": "f", "arguments": arguments}}


def restored(memory: CallMemory, call_id: str, arguments: object) -> object:
    [message] = memory.restored([{"role": "assistant", "tool_calls": [call(call_id, arguments)]}])
    return message["tool_calls"][0]["function"]["arguments"]


def test_only_what_says_the_same_is_replaced() -> None:
    memory = CallMemory()
    memory.remember("a", WRITTEN)
    same = anew(WRITTEN)
    assert restored(memory, "a", same) == WRITTEN
    assert restored(memory, "a", json.loads(WRITTEN)) == WRITTEN
    assert restored(memory, "b", same) == same, "another call"
    assert restored(memory, "toolu_a", same) == WRITTEN, "as Anthropic calls it"
    for other in ("", "{}", '{"command":"echo 2","wait":1.5}', "[", None, 5, {"command": "echo 1"}):
        assert restored(memory, "a", other) == other
    swapped = '{"wait":1.5,"command":"echo 1"}'
    assert restored(memory, "a", swapped) == swapped
    odd = [{"role": "assistant", "tool_calls": value} for value in (None, "a", [5], [{"id": "a"}])]
    assert memory.restored(odd) == odd


def test_it_holds_so_many_bytes_and_forgets_the_least_used() -> None:
    memory = CallMemory(max_bytes=100)
    for name in "abcd":
        memory.remember(name, "{" + " " * 20 + "}")
    assert restored(memory, "a", "{}") != "{}"  # used
    memory.remember("e", "{" + " " * 20 + "}")
    assert restored(memory, "b", "{}") == "{}"
    assert restored(memory, "a", "{}") != "{}"
    memory.remember("f", "{" + " " * 200 + "}")
    assert memory.nbytes == 0
    memory.remember("g", "{ }")
    assert restored(memory, "g", "{}") == "{ }"


@pytest.mark.parametrize(
    ("written", "given", "same"),
    [
        ('{"a": 1.50}', '{"a":1.5}', True),
        ('{"a": 1e2}', '{"a":100}', True),
        ('{"a": 1.0}', '{"a":1}', True),
        ('{"a": 0.1}', {"a": 0.1}, True),
        ('{"a": 0.1000000000000000055}', {"a": 0.1}, False),
        ('{"a": 12345678901234567890}', '{"a":12345678901234567000}', False),
        ('{"a": 1}', '{"a":true}', False),
        ('{"a": 1}', '{"a":"1"}', False),
        ('{"a": null}', '{"a":"None"}', False),
        ('{"a": []}', '{"a":{}}', False),
        ('{"a": "\\u00e9\\/"}', '{"a":"é/"}', True),
        ('{"a": 1, "a": 2}', '{"a":2}', False),
        ('{"a": {"b": 1, "c": 2}}', '{"a":{"c":2,"b":1}}', False),
        ('{"a": NaN}', '{"a":NaN}', False),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", '{"a":[]}', False),
    ],
)
def test_what_says_the_same(written: str, given: object, same: bool) -> None:
    assert says_the_same(written, given) is same


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=4), values)
def test_any_spelling_of_an_object_and_no_other(members: Json, other: Any) -> None:
    written = json.dumps(members, ensure_ascii=True, separators=(" , ", " : "))
    for given_again in (members, json.dumps(members, ensure_ascii=False, separators=(",", ":"))):
        assert says_the_same(written, given_again)
    changed = {**members, "new": other}
    assert says_the_same(written, changed) == (
        list(changed) == list(members) and changed == members
    )


@given(st.decimals(-1000, 1000, places=5))
def test_decimals_are_compared_to_the_last_place(number: Decimal) -> None:
    assert says_the_same(f'{{"a": {number:f}}}', f'{{"a":{number:f}0}}'.replace("}0", "0}"))
    assert not says_the_same(f'{{"a": {number:f}}}', f'{{"a":{number + Decimal("0.000001"):f}}}')
