"""An error names the faulty value by its path in the body, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.server.http.warning_headers import WARNING_HEADER

from ...live import LiveServer

Json = dict[str, Any]

HI = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be brief."}
URL = "data:image/png;base64,iVBORw0KGgo="
IMAGE = {"type": "image_url", "image_url": {"url": URL}}
LOST = {"type": "object", "required": "a"}  # no schema: it cannot be told to the grammar
ODD = {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}
SEARCH = {"type": "web_search"}


def openai_call(call_id: str, name: str = "f") -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def function(name: str, parameters: Json, **more: Any) -> Json:
    return {"name": name, "parameters": parameters, **more}


def nested(name: str, parameters: Json, **more: Any) -> Json:
    return {"type": "function", "function": function(name, parameters, **more)}


CHAT, V0 = "/v1/chat/completions", "/api/v0/chat/completions"
RESPONSES, MESSAGES, OLLAMA = "/v1/responses", "/v1/messages", "/api/chat"
ASSISTANT = {"role": "assistant", "content": "Sure."}
TOOL = {"role": "tool", "tool_call_id": "x", "content": "r"}
CALLS = {"role": "assistant", "content": None, "tool_calls": [openai_call("a"), openai_call("b")]}
TOOL_USE = {"type": "tool_use", "id": "a", "name": "f", "input": {}}

# Body, and the field that its error names.
WRONG_CHATS: list[tuple[Json, str]] = [
    ({"messages": [SYSTEM, 5]}, "messages[1]"),
    ({"messages": [SYSTEM, {"role": "u", "content": "a"}]}, "messages[1].role"),
    ({"messages": [HI, {**HI, "content": 5}]}, "messages[1].content"),
    (
        {"messages": [{**HI, "content": ["a", {"type": "text"}]}]},
        "messages[0].content[1].text",
    ),
    ({"messages": [HI, {**HI, "content": [IMAGE]}]}, "messages[1].content[0].image_url"),
    ({"messages": [HI, ASSISTANT, TOOL]}, "messages[2].tool_call_id"),
    (
        {"messages": [HI, CALLS, {**TOOL, "tool_call_id": "a"}]},
        "messages[1].tool_calls[1].id",
    ),
    (
        {"messages": [HI], "tools": [SEARCH, nested("f", LOST)], "tool_choice": "required"},
        "tools[1].function.parameters",
    ),
    ({"messages": [HI], "tools": [SEARCH, {"type": "function"}]}, "tools[1].name"),
    ({"messages": [HI], "max_completion_tokens": 2**40}, "max_completion_tokens"),
    ({"messages": [HI], "repeat_penalty": -1}, "repeat_penalty"),
    ({"messages": [HI], "reasoning": {"max_tokens": 2**40}}, "reasoning.max_tokens"),
    (
        {"messages": [HI], "stream_options": {"include_usage": 1}},
        "stream_options.include_usage",
    ),
]
# Path, body, and the field that its error names.
WRONG: list[tuple[str, Json, str]] = [
    *((path, body, field) for path in (CHAT, V0) for body, field in WRONG_CHATS),
    ("/v1/completions", {"prompt": "a", "n_predict": 2**40}, "n_predict"),
    ("/v1/completions", {"prompt": ["a", 5.5]}, "prompt[1]"),
    ("/v1/embeddings", {"input": ["a", {}]}, "input[1]"),
    (
        CHAT,
        {"messages": [HI], "tools": [{"type": "function", "function": None}]},
        "tools[0].function",
    ),
    (
        RESPONSES,
        {"input": "Hi", "tools": [{"type": "namespace", "name": "n", "tools": ["f"]}]},
        "tools[0].tools[0]",
    ),
    (
        CHAT,
        {"messages": [HI], "tools": [nested("f", {})], "tool_choice": {"type": "function"}},
        "tool_choice.name",
    ),
    (
        MESSAGES,
        {"messages": [{**HI, "content": [{"type": "text", "text": "a", "cache_control": 5}]}]},
        "messages[0].content[0].cache_control",
    ),
    (
        MESSAGES,
        {"messages": [HI, {"role": "assistant", "content": [TOOL_USE]}, {**HI, "content": []}]},
        "messages[2].content",
    ),
    (RESPONSES, {"input": [HI, 5]}, "input[1]"),
    (
        RESPONSES,
        {"input": [HI, {"role": "user", "content": [{"type": "x"}]}]},
        "input[1].content[0].type",
    ),
    (
        RESPONSES,
        {"input": [HI, {**HI, "content": [{"type": "input_image"}]}]},
        "input[1].content[0]",
    ),
    (RESPONSES, {"input": [HI, {"type": "function_call", "call_id": "a"}]}, "input[1].name"),
    (
        RESPONSES,
        {
            "instructions": "Be brief.",
            "input": [
                HI,
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "b", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "a", "output": "r"},
                HI,
            ],
        },
        "input[3].call_id",
    ),
    (
        RESPONSES,
        {
            "instructions": "Be brief.",
            "input": [HI, {"type": "function_call_output", "call_id": "x", "output": "r"}],
        },
        "input[1].call_id",
    ),
    (
        RESPONSES,
        {
            "input": [HI],
            "tools": [SEARCH, {"type": "function", **function("f", LOST)}],
            "tool_choice": "required",
        },
        "tools[1].parameters",
    ),
    (
        RESPONSES,
        {
            "input": [
                {
                    "type": "additional_tools",
                    "tools": [SEARCH, {"type": "function", **function("f", LOST)}],
                },
                HI,
            ],
            "tool_choice": "required",
        },
        "input[0].tools[1].parameters",
    ),
    (
        RESPONSES,
        {
            "input": "Hi",
            "tools": [
                {
                    "type": "namespace",
                    "name": "n",
                    "tools": [
                        {"type": "function", **function("f", {})},
                        {"type": "function", **function("g", LOST)},
                    ],
                }
            ],
            "tool_choice": "required",
        },
        "tools[0].tools[1].parameters",
    ),
    (RESPONSES, {"input": "Hi", "max_output_tokens": 2**40}, "max_output_tokens"),
    (
        RESPONSES,
        {
            "input": "Hi",
            "text": {
                "format": {"type": "json_schema", "name": "a", "strict": True, "schema": LOST}
            },
        },
        "text.format.schema",
    ),
    (
        MESSAGES,
        {"messages": [HI, {**HI, "content": [{"type": "text"}]}]},
        "messages[1].content[0].text",
    ),
    (
        MESSAGES,
        {"messages": [HI, ASSISTANT, {**HI, "content": [{"type": "image"}]}]},
        "messages[2].content[0]",
    ),
    (
        MESSAGES,
        {
            "messages": [
                HI,
                {"role": "assistant", "content": [TOOL_USE, TOOL_USE]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
            ]
        },
        "messages[2].content[0].tool_use_id",
    ),
    (
        MESSAGES,
        {
            "system": "Be brief.",
            "messages": [HI],
            "tools": [
                {"type": "web_search_20250305", "name": "web_search"},
                {"name": "f", "input_schema": LOST},
            ],
            "tool_choice": {"type": "any"},
        },
        "tools[1].input_schema",
    ),
    (MESSAGES, {"messages": [HI], "repeat_penalty": -1}, "repeat_penalty"),
    (
        MESSAGES,
        {"messages": [HI], "output_format": {"type": "json_schema"}},
        "output_format.schema",
    ),
    (OLLAMA, {"messages": [HI, {"role": "u", "content": "a"}]}, "messages[1].role"),
    (OLLAMA, {"messages": [HI, {**HI, "content": 5}]}, "messages[1].content"),
    (OLLAMA, {"messages": [HI, {**HI, "content": "", "images": ["a"]}]}, "messages[1].images[0]"),
    (
        OLLAMA,
        {
            "messages": [
                HI,
                CALLS | {"content": ""},
                {"role": "tool", "tool_name": "g", "content": "r"},
            ]
        },
        "messages[2].tool_name",
    ),
    (OLLAMA, {"messages": [HI, ASSISTANT, TOOL]}, "messages[2].tool_call_id"),
    (OLLAMA, {"messages": [HI], "options": {"num_predict": 2**40}}, "options.num_predict"),
    (OLLAMA, {"messages": [HI], "options": {"top_k": "a"}}, "options.top_k"),
    (
        "/api/v1/chat",
        {"input": [{"type": "text", "content": "a"}, {"type": "text"}]},
        "input[1].content",
    ),
    ("/api/v1/chat", {"input": [{"type": "image", "data_url": URL}]}, "input[0]"),
    ("/api/v1/chat", {"input": "Hi", "max_output_tokens": 2**40}, "max_output_tokens"),
]


@pytest.mark.parametrize(("path", "body", "field"), WRONG)
def test_an_error_names_the_place(
    server: LiveServer, caplog: pytest.LogCaptureFixture, path: str, body: Json, field: str
) -> None:
    needed = {"max_tokens": 1} if path == MESSAGES else {}
    reply = server.http.post(path, json={"model": "demo", **needed, **body})
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    message = error if isinstance(error, str) else error["message"]
    assert message.startswith(f"{field} "), message
    if isinstance(error, dict) and "param" in error:
        assert error["param"] == field
    assert WARNING_HEADER not in reply.headers, "nothing was made without anything"


def test_a_call_that_came_before_and_got_no_result(server: LiveServer) -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    made = server.http.post("/v1/conversations", json={"items": [HI, call]}).json()
    body = {"model": "demo", "conversation": made["id"], "input": [HI]}
    error = server.http.post(RESPONSES, json=body).json()["error"]
    assert error["param"] == "conversation.call_id"
    assert error["message"].startswith("conversation.call_id is 'a', but it has no result")


WEAK = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=a)a"}}}
WARNED: list[tuple[str, Json, str]] = [
    (
        CHAT,
        {"messages": [HI], "tools": [SEARCH, nested("f", WEAK)]},
        "tools[1].function.parameters: ",
    ),
    (
        V0,
        {"messages": [HI], "tools": [SEARCH, nested("f", WEAK)]},
        "tools[1].function.parameters: ",
    ),
    (
        RESPONSES,
        {"input": "Hi", "tools": [SEARCH, {"type": "function", **function("f", WEAK)}]},
        "tools[1].parameters: ",
    ),
    (
        MESSAGES,
        {
            "messages": [HI],
            "tools": [
                {"type": "web_search_20250305", "name": "web_search"},
                {"name": "f", "input_schema": WEAK},
            ],
        },
        "tools[1].input_schema: ",
    ),
    (
        OLLAMA,
        {"messages": [HI], "tools": [SEARCH, nested("f", WEAK)]},
        "tools[1].function.parameters: ",
    ),
    (OLLAMA, {"messages": [HI], "format": LOST}, "format: "),
    ("/api/generate", {"prompt": "Hi", "format": LOST}, "format: "),
    (CHAT, {"messages": [{**HI, "content": [IMAGE, "a"]}]}, "messages[0].content[0]: "),
]


@pytest.mark.parametrize(("path", "body", "beginning"), WARNED)
def test_a_warning_names_the_place(
    server: LiveServer, caplog: pytest.LogCaptureFixture, path: str, body: Json, beginning: str
) -> None:
    limits: Json = {"max_tokens": 1, "options": {"num_predict": 1}}
    few = {"max_output_tokens": 1} if path == RESPONSES else limits
    reply = server.http.post(path, json={"model": "demo", "stream": False, **few, **body})
    assert reply.status_code == 200, reply.text
    told = reply.headers.get_list(WARNING_HEADER)
    assert any(one.startswith(beginning) for one in told), told


def test_an_error_has_no_warnings(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    body = {"model": "demo", "messages": [{**HI, "content": [IMAGE, "a"]}], "temperature": -1}
    reply = server.http.post(CHAT, json=body)
    assert reply.status_code == 400
    assert WARNING_HEADER not in reply.headers


def test_an_agent_that_sends_the_same_each_time_is_in_the_log_once(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    tools = [nested("once_in_the_log", WEAK), *[SEARCH] * 7, {"type": "web_search_preview"}]
    body = {"model": "demo", "messages": [HI], "max_tokens": 1, "tools": tools}
    told = [server.http.post(CHAT, json=body).headers.get_list(WARNING_HEADER) for _ in range(3)]
    assert told[0] == told[1] == told[2] != []
    logged = [line for line in caplog.messages if line.startswith("tools[8] was left out")]
    assert len(logged) == 1
