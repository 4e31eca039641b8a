"""The effects of vLLM's, llama.cpp's and OpenRouter's fields, with the demo checkpoint."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.server.live import LiveServer

HELLO = [{"role": "user", "content": "Hello!"}]
PROMPT = "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
PATHS = ("/v1/chat/completions", "/v1/completions")
Json = dict[str, Any]


def post(server: LiveServer, path: str, **fields: Any) -> Json:
    start = {"messages": HELLO, "think": False} if "chat" in path else {"prompt": PROMPT}
    reply = server.http.post(path, json={"model": "demo", "max_tokens": 40, **start, **fields})
    assert reply.status_code == 200, reply.text
    result: Json = reply.json()
    return result


def text(reply: Json) -> str:
    choice = reply["choices"][0]
    return str(choice["text"] if "text" in choice else choice["message"]["content"])


def chunks(server: LiveServer, **fields: Any) -> list[Json]:
    body = {"model": "demo", "messages": HELLO, "max_tokens": 8, "stream": True, **fields}
    reply = server.http.post(PATHS[0], json=body)
    lines = [line for line in reply.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("fields", "pattern"),
    [
        ({"structured_outputs": {"choice": ["zebra", "yak"]}}, "zebra|yak"),
        ({"structured_outputs": {"regex": r"[xyz]{3}/\d"}}, r"[xyz]{3}/\d"),
        ({"structured_outputs": {"grammar": 'start: "q" /[0-9]/ "q"'}}, "q[0-9]q"),
        ({"structured_outputs": {"json": {"enum": ["owl", 5]}}}, '"owl"|5'),
        ({"structured_outputs": {"json_object": True, "x": 1}}, r"(?s)\{.*"),
        ({"guided_choice": ["zebra", "yak"]}, "zebra|yak"),
        ({"guided_regex": "[xyz]{3}"}, "[xyz]{3}"),
        ({"guided_grammar": 'root ::= "q" [0-9] "q"'}, "q[0-9]q"),
        ({"guided_json": '{"enum": ["owl", 5]}'}, '"owl"|5'),
        ({"grammar": 'root ::= ("yes" | "no") "!"'}, "(yes|no)!"),
        ({"json_schema": {"enum": ["owl", 5]}}, '"owl"|5'),
        (
            {"response_format": {"type": "json_object", "schema": {"enum": ["owl", 5]}}},
            '"owl"|5',
        ),
    ],
)
def test_the_answer_has_the_form_that_was_asked_for(
    server: LiveServer, path: str, fields: Json, pattern: str
) -> None:
    answer = text(post(server, path, temperature=1.5, seed=3, **fields))
    assert re.fullmatch(pattern, answer), answer


def test_a_form_follows_the_thought(server: LiveServer) -> None:
    fields = {"guided_choice": ["zebra"], "think": True, "thinking_budget": 5, "max_tokens": 90}
    message = post(server, PATHS[0], **fields)["choices"][0]["message"]
    assert message["reasoning_content"]
    assert message["content"] == "zebra"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"guided_regex": "(?=a)b"}, "guided_regex"),
        ({"grammar": "root ::= b"}, "grammar"),
        ({"structured_outputs": {"grammar": 'start: "a" b'}}, "structured_outputs.grammar"),
        ({"structured_outputs": {"choice": []}}, "structured_outputs.choice"),
        ({"guided_json": "{"}, "guided_json"),
        ({"ignore_eos": True, "guided_choice": ["a"]}, "ignore_eos"),
    ],
)
def test_a_form_that_is_none_is_named(server: LiveServer, fields: Json, param: str) -> None:
    body = {"model": "demo", "messages": HELLO, **fields}
    reply = server.http.post(PATHS[0], json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("path", PATHS)
def test_ignore_eos_goes_on_to_the_limit(server: LiveServer, path: str) -> None:
    start = {"temperature": 0, "max_tokens": 120}
    assert post(server, path, **start)["choices"][0]["finish_reason"] == "stop"
    endless = post(server, path, **start, ignore_eos=True)
    assert endless["choices"][0]["finish_reason"] == "length"
    assert endless["usage"]["completion_tokens"] == 120
    assert "<|im_end|>" not in text(endless)


def test_a_top_p_of_0_is_greedy(server: LiveServer) -> None:
    greedy = text(post(server, PATHS[0], temperature=0))
    assert {text(post(server, PATHS[0], top_p=0, temperature=2)) for _ in range(3)} == {greedy}


@pytest.mark.parametrize("fields", [{"reasoning": {"exclude": True}}, {"include_reasoning": False}])
def test_thoughts_that_are_excluded_are_thought_and_not_sent(
    server: LiveServer, fields: Json
) -> None:
    thinking = {"think": True, "thinking_budget": 5, "max_tokens": 60, "logprobs": True}
    reply = post(server, PATHS[0], **thinking, **fields)
    assert "reasoning_content" not in reply["choices"][0]["message"]
    assert reply["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    entries = reply["choices"][0]["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == text(reply)
    deltas = [c["delta"] for chunk in chunks(server, **fields) for c in chunk["choices"]]
    assert not any("reasoning_content" in delta for delta in deltas)


def test_usage_can_come_with_each_chunk(server: LiveServer) -> None:
    options = {"include_usage": True, "continuous_usage_stats": True}
    *running, last = chunks(server, stream_options=options, ignore_eos=True)
    counts = [chunk["usage"]["completion_tokens"] for chunk in running]
    assert counts == sorted(counts)
    assert counts[-1] == 8
    assert len(set(counts)) > 2
    assert {c["usage"]["prompt_tokens"] for c in running} == {last["usage"]["prompt_tokens"]}
    assert last["choices"] == []
    without = chunks(server, stream_options={"continuous_usage_stats": True})
    assert not any("usage" in chunk for chunk in without)


def test_a_text_begins_without_a_prompt(server: LiveServer) -> None:
    reply = server.http.post("/v1/completions", json={"model": "demo", "max_tokens": 3})
    assert reply.status_code == 200
    assert reply.json()["usage"]["prompt_tokens"] == 1
    echoed = post(server, "/v1/completions", prompt="", echo=True, max_tokens=3)
    assert "<|endoftext|>" not in text(echoed)
