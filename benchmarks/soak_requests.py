"""Requests of every dialect, valid and invalid, and readers for their answers."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from .soak_server import STEP_FAULT, TOKEN_FAULT

Json = dict[str, Any]
Expected = Literal["answer", "cut", "fault"]

CHAT, COMPLETIONS, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
ANTHROPIC, OLLAMA = "/v1/messages", "/api/chat"
EMBEDDINGS, TOKENIZE = "/v1/embeddings", "/tokenize"
QUESTIONS = (
    "Hello!",
    "What is the capital of France?",
    "Write a short story about a dog and a boat.",
    "Why is the sky blue?",
    "Count from one to twenty in words.",
)
TOKENS = 12
STORY = "The old dog ran to the blue boat and looked at the sea for a long time. "
NUM_LONG, LONG_REPEATS = 2, 34  # about 1,500 tokens each
TOKEN_IDS, TWO_SHORT = [[40, 41, 42], [50, 51]], {"n": 2, "max_tokens": 8}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"enum": ["Paris", "Rome"]}, "days": {"type": "integer", "maximum": 9}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
FUNCTION = {"name": "weather", "description": "The weather", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}


@dataclass(frozen=True)
class Request:
    """`body` is sent unchanged. `status` is the expected status."""

    kind: str
    path: str
    body: Json | bytes
    expected: Expected = "answer"
    status: int = 200

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()

    @property
    def streams(self) -> bool:
        return isinstance(self.body, dict) and bool(self.body.get("stream"))

    def streamed(self, expected: Expected = "answer") -> Request:
        assert isinstance(self.body, dict)
        return Request(self.kind, self.path, {**self.body, "stream": True}, expected)


def answerable() -> list[Request]:
    """Greedy and seeded requests, which have one correct answer."""
    requests = []
    for index, question in enumerate(QUESTIONS):
        sampling: Json = {"temperature": 0} if index % 2 else {"temperature": 0.8, "seed": index}
        common: Json = {"model": "demo", "stream": False, **sampling}
        chat = {**common, "messages": [{"role": "user", "content": question}]}
        no_think = {"chat_template_kwargs": {"enable_thinking": False}}
        requests += [
            Request("chat", CHAT, {**chat, **no_think, "max_tokens": TOKENS}),
            Request("chat n", CHAT, {**chat, **no_think, "max_tokens": TOKENS, "n": 2}),
            Request("budget", CHAT, {**chat, "thinking_budget": 5 + index, "max_tokens": TOKENS}),
            Request("tool", CHAT, {**chat, **no_think, **_tool_choice(), "max_tokens": 40}),
            Request("schema", CHAT, {**chat, **no_think, **_format(), "max_tokens": 40}),
            Request("completion", COMPLETIONS, _completion(common, question)),
            Request("token ids", COMPLETIONS, {**common, "prompt": TOKEN_IDS, **TWO_SHORT}),
            Request("responses", RESPONSES, _responses(common, question)),
            Request("anthropic", ANTHROPIC, {**chat, "max_tokens": TOKENS}),
            Request("ollama", OLLAMA, _ollama(chat, sampling)),
            Request("embeddings", EMBEDDINGS, {"model": "demo", "input": [question, "Hi"]}),
            Request("tokenize", TOKENIZE, {"model": "demo", "messages": chat["messages"]}),
        ]
    return requests


def long() -> list[Request]:
    """Prompts that are computed in many steps while others are answered."""
    bodies = [
        {
            "model": "demo",
            "stream": False,
            "temperature": 0,
            "max_tokens": 8,
            "messages": [{"role": "user", "content": f"{number}. " + STORY * LONG_REPEATS}],
        }
        for number in range(NUM_LONG)
    ]
    return [Request("long", path, body) for body in bodies for path in (CHAT, ANTHROPIC)]


def faulty() -> list[Request]:
    """Requests with an injected fault, which gives the dialect's 500 or an error event."""
    requests = []
    for seed in (STEP_FAULT, TOKEN_FAULT):
        for stream in (False, True):
            common: Json = {"model": "demo", "seed": seed, "stream": stream}
            messages = [{"role": "user", "content": QUESTIONS[2]}]
            chat = {**common, "messages": messages, "max_tokens": TOKENS}
            requests += [
                Request("fault", CHAT, chat, "fault", 500),
                Request("fault", COMPLETIONS, {**chat, "prompt": "Once"}, "fault", 500),
                Request("fault", RESPONSES, _responses(common, QUESTIONS[2]), "fault", 500),
                Request("fault", ANTHROPIC, chat, "fault", 500),
                Request("fault", OLLAMA, _ollama(chat, {"seed": seed}), "fault", 500),
            ]
    return requests


def bad() -> list[Request]:
    message = [{"role": "user", "content": "Hello!"}]
    huge = [{"role": "user", "content": "word " * 20_000}]
    good = {"model": "demo", "messages": message, "max_tokens": 4}
    requests = [
        Request("bad", RESPONSES, {"model": "demo", "input": 5}, status=400),
        Request("bad", COMPLETIONS, {"model": "demo", "prompt": "x", "suffix": "y"}, status=400),
        Request("bad", CHAT, {**good, "n": 0}, status=400),
        Request("bad", OLLAMA, {**good, "think": "often"}, status=400),
        Request("bad", EMBEDDINGS, {"model": "demo", "input": []}, status=400),
        Request("bad", TOKENIZE, {"model": "demo", "prompt": 5}, status=400),
    ]
    for path in (CHAT, ANTHROPIC, OLLAMA):
        requests += [
            Request("bad", path, b'{"model": "demo", "messages": [', status=400),
            Request("bad", path, b"\xff\xfe", status=400),
            Request("bad", path, {**good, "messages": "Hello!"}, status=400),
            Request("bad", path, {**good, "model": "no-such-model"}, status=404),
        ]
    for path in (CHAT, ANTHROPIC):
        requests.append(Request("too long", path, {**good, "messages": huge}, status=400))
        requests.append(Request("bad", path, {**good, "temperature": "warm"}, status=400))
    return requests


def mixed(count: int, *, seed: int) -> list[Request]:
    """Requests of all kinds, in random order."""
    chooser = random.Random(seed)
    good, large, wrong, faults = answerable(), long(), bad(), faulty()
    streamable = [request for request in good if "stream" in request.body]
    makers: list[Callable[[], Request]] = [
        lambda: chooser.choice(good),
        lambda: chooser.choice(streamable).streamed(),
        lambda: chooser.choice(streamable).streamed("cut"),
        lambda: chooser.choice(large),
        lambda: chooser.choice(large).streamed("cut"),
        lambda: chooser.choice(wrong),
        lambda: chooser.choice(faults),
    ]
    return [
        make() for make in chooser.choices(makers, weights=(34, 34, 13, 0.8, 0.4, 12.8, 5), k=count)
    ]


def is_error(path: str, body: Any) -> bool:
    """Return whether it is the error object of the path's dialect."""
    if path == RESPONSES and body.get("type") == "response.failed":
        return bool(body["response"]["error"]["message"])
    error = body.get("error") if isinstance(body, dict) else None
    if path == OLLAMA:
        return isinstance(error, str)
    if not isinstance(error, dict) or not error.get("message") or "type" not in error:
        return False
    return body.get("type") == "error" if path == ANTHROPIC else {"param", "code"} <= set(error)


def answer_of(path: str, body: Json) -> Json:
    """Return the text of a reply, without values that differ between requests."""
    if path in (CHAT, COMPLETIONS):
        return {str(choice["index"]): _choice(choice) for choice in body["choices"]}
    if path == RESPONSES:
        return {"output": [_nameless(item) for item in body["output"]]}
    if path == ANTHROPIC:
        return {"content": [_nameless(block) for block in body["content"]]}
    if path == EMBEDDINGS:
        return {"vectors": [item["embedding"] for item in body["data"]]}
    if path == TOKENIZE:
        return {"tokens": body["tokens"]}
    return {key: body["message"].get(key) or "" for key in ("content", "thinking")}


def assembled(path: str, events: Iterable[Json]) -> Json:
    """Return the text of a stream."""
    if path == RESPONSES:
        ends = ("response.completed", "response.incomplete")
        (last,) = (event for event in events if event["type"] in ends)
        return answer_of(path, last["response"])
    if path == OLLAMA:
        messages = [event["message"] for event in events]
        return {
            key: "".join(message.get(key) or "" for message in messages)
            for key in ("content", "thinking")
        }
    return _anthropic(events) if path == ANTHROPIC else _openai(events)


def _choice(choice: Json) -> Json:
    message = choice.get("message") or choice.get("delta") or {"content": choice.get("text")}
    calls = [call["function"] for call in message.get("tool_calls") or []]
    return {
        "content": message.get("content") or "",
        "reasoning": message.get("reasoning_content") or "",
        "name": "".join(call.get("name") or "" for call in calls),
        "arguments": "".join(call.get("arguments") or "" for call in calls),
    }


def _openai(events: Iterable[Json]) -> Json:
    answers: dict[str, Json] = defaultdict(lambda: _choice({}))
    for event in events:
        for choice in event["choices"]:
            answer = answers[str(choice["index"])]
            for key, text in _choice(choice).items():
                answer[key] += text
    return dict(answers)


def _anthropic(events: Iterable[Json]) -> Json:
    blocks: list[Json] = []
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            for key in ("text", "thinking"):
                if key in event["delta"]:
                    blocks[-1][key] = blocks[-1].get(key, "") + event["delta"][key]
    return {"content": [_nameless(block) for block in blocks]}


def _nameless(value: Any) -> Any:
    """Return the object without ids and signatures."""
    if isinstance(value, dict):
        unlike = ("id", "call_id", "signature")
        return {key: _nameless(item) for key, item in value.items() if key not in unlike}
    return [_nameless(item) for item in value] if isinstance(value, list) else value


def _tool_choice() -> Json:
    return {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False}


def _format() -> Json:
    json_schema = {"name": "trip", "schema": SCHEMA, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": json_schema}}


def _completion(common: Json, question: str) -> Json:
    return {**common, "prompt": [question, "Once upon a time"], "max_tokens": TOKENS}


def _responses(common: Json, question: str) -> Json:
    return {**common, "input": question, "max_output_tokens": TOKENS, "store": False}


def _ollama(chat: Json, sampling: Json) -> Json:
    body = {key: chat[key] for key in ("model", "messages", "stream")}
    return {**body, "think": False, "options": {**sampling, "num_predict": TOKENS}}
