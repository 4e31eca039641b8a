"""Calls of every kind of tool: in history, as answers, and as events of a stream."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.dialects.responses.approvals import NOT_APPROVED
from qwen3mlx.server.dialects.responses.items import Places, input_items, loaded_tools
from qwen3mlx.server.dialects.responses.messages import to_messages
from qwen3mlx.text import ToolCallDelta
from qwen3mlx.text.messages import normalize_messages

from .support import Json, finished, read, write

TOOLS: list[Json] = [
    {"type": "custom", "name": "patch"},
    {"type": "local_shell"},
    {"type": "shell"},
    {"type": "apply_patch"},
    {"type": "tool_search", "execution": "client"},
    {
        "type": "namespace",
        "name": "agents",
        "description": "",
        "tools": [{"type": "function", "name": "close"}, {"type": "custom", "name": "tell"}],
    },
]


def messages(*items: Json) -> list[Json]:
    made = to_messages(None, input_items(list(items), lambda _: None))
    normalize_messages([{"role": "user"}, *made])
    return made


def called(*items: Json) -> tuple[str, str, str]:
    """Name and arguments of the one call, and what the model reads of its result."""
    turn, result = messages(*items)
    (call,) = turn["tool_calls"]
    assert result["tool_call_id"] == call["id"]
    return call["function"]["name"], call["function"]["arguments"], result["content"]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            [
                {"type": "function_call", "call_id": "1", "name": "close", "namespace": "agents"}
                | {"arguments": "{}"},
                {"type": "function_call_output", "call_id": "1", "output": "closed"},
            ],
            ("agents.close", "{}", "closed"),
        ),
        (
            [
                {"type": "custom_tool_call", "call_id": "1", "name": "patch", "input": "a\n“b”"},
                {"type": "custom_tool_call_output", "call_id": "1", "output": "done"},
            ],
            ("patch", '{"input": "a\\n“b”"}', "done"),
        ),
        (
            [
                {"type": "local_shell_call", "id": "x", "call_id": "1", "status": "completed"}
                | {"action": {"type": "exec", "command": ["ls"], "env": {}, "user": None}},
                {"type": "local_shell_call_output", "id": "y", "call_id": "1", "output": "a.py"},
            ],
            ("local_shell", '{"command": ["ls"]}', "a.py"),
        ),
        (
            [
                {"type": "local_shell_call", "id": "1"}
                | {"action": {"type": "exec", "command": ["ls"], "env": {"A": "1"}}},
                {"type": "local_shell_call_output", "id": "1", "output": "a.py"},
            ],
            ("local_shell", '{"command": ["ls"], "env": {"A": "1"}}', "a.py"),
        ),
        (
            [
                {"type": "shell_call", "call_id": "1", "action": {"commands": ["ls", "pwd"]}},
                {"type": "shell_call_output", "call_id": "1"}
                | {"output": [{"stdout": "a", "stderr": "b", "outcome": {"type": "exit"}}]},
            ],
            ("shell", '{"commands": ["ls", "pwd"]}', "ab"),
        ),
        (
            [
                {"type": "apply_patch_call", "call_id": "1", "status": "completed"}
                | {"operation": {"type": "delete_file", "path": "a"}},
                {"type": "apply_patch_call_output", "call_id": "1", "status": "failed"},
            ],
            ("apply_patch", '{"type": "delete_file", "path": "a"}', "failed"),
        ),
        (
            [
                {"type": "tool_search_call", "call_id": "1", "execution": "client"}
                | {"arguments": {"query": "mail"}},
                {"type": "tool_search_output", "call_id": "1", "execution": "client"}
                | {"tools": [{"type": "function", "name": "send_mail"}]},
            ],
            ("tool_search", '{"query": "mail"}', "Found: send_mail."),
        ),
        (
            [
                {"type": "computer_call", "call_id": "1", "action": {"type": "screenshot"}},
                {"type": "computer_call_output", "call_id": "1"}
                | {"output": {"type": "computer_screenshot", "image_url": "data:,"}},
            ],
            (
                "computer",
                '{"action": {"type": "screenshot"}}',
                "(A picture, which cannot be seen here.)",
            ),
        ),
    ],
)
def test_calls_of_the_clients_tools_and_their_results(
    items: list[Json], expected: tuple[str, str, str]
) -> None:
    assert called(*items) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"type": "web_search_call", "id": "ws_1", "status": "completed"}
            | {"action": {"type": "search", "query": "weather"}},
            (
                "web_search",
                '{"action": {"type": "search", "query": "weather"}}',
                "(There is no result.)",
            ),
        ),
        (
            {"type": "file_search_call", "id": "1", "queries": ["a"]}
            | {"results": [{"text": "found", "filename": "x"}]},
            ("file_search", '{"queries": ["a"]}', "found"),
        ),
        (
            {"type": "code_interpreter_call", "id": "1", "code": "1+1", "container_id": "c"}
            | {"outputs": [{"type": "logs", "logs": "2"}]},
            (
                "code_interpreter",
                '{"code": "1+1", "container_id": "c"}',
                '{"type": "logs", "logs": "2"}',
            ),
        ),
        (
            {"type": "mcp_call", "id": "1", "server_label": "docs", "name": "find"}
            | {"arguments": '{"q":1}', "output": "here", "error": None},
            ("docs.find", '{"q":1}', "here"),
        ),
        (
            {"type": "image_generation_call", "id": "1", "status": "completed", "result": "iVBOR"},
            ("image_generation", "{}", "(A picture, which cannot be seen here.)"),
        ),
    ],
)
def test_calls_that_other_servers_carried_out(item: Json, expected: tuple[str, str, str]) -> None:
    assert called(item) == expected


def test_a_search_that_another_server_did() -> None:
    search = {"type": "tool_search_call", "id": "a", "arguments": {"paths": ["mail"]}}
    found: dict[str, Any] = {"type": "tool_search_output", "id": "b", "call_id": None, "tools": []}
    name, arguments, _ = called(search, found)
    assert (name, arguments) == ("tool_search", '{"paths": ["mail"]}')


def test_an_approval_is_a_result() -> None:
    asked = {"type": "mcp_approval_request", "id": "r", "server_label": "s", "name": "f"}
    told = {"type": "mcp_approval_response", "approval_request_id": "r", "approve": False}
    assert called({**asked, "arguments": "{}"}, {**told, "reason": "no"}) == (
        "s.f",
        "{}",
        "denied no",
    )


def mcp_call(item_id: str, **fields: Any) -> Json:
    made: Json = {"type": "mcp_call", "id": item_id, "server_label": "s", "name": "f"}
    return {**made, "arguments": "{}", "output": item_id[-1], **fields}


@pytest.mark.parametrize(
    ("ids", "turns"),
    [
        ([f"mcp_{'5' * 16}{n * 32}" for n in "ab"], [2]),
        ([f"mcp_{n * 48}" for n in "ab"], [1, 1]),
        (["a", "b"], [1, 1]),  # of another server
    ],
)
def test_calls_of_one_step_become_one_turn(ids: list[str], turns: list[int]) -> None:
    made = messages(*map(mcp_call, ids))
    assert [len(turn["tool_calls"]) for turn in made if turn["role"] == "assistant"] == turns
    assert [turn["content"] for turn in made if turn["role"] == "tool"] == ["a", "b"]


def test_an_approved_call_has_the_result_of_the_call_that_was_made() -> None:
    asked = {"type": "mcp_approval_request", "id": "r", "server_label": "s", "name": "f"}
    yes = {"type": "mcp_approval_response", "approval_request_id": "r", "approve": True}
    asked["arguments"] = "{}"
    assert called(asked, yes, mcp_call("m", approval_request_id="r")) == ("s.f", "{}", "m")
    assert called(asked, yes)[2] == "approved"
    assert called(asked)[2] == NOT_APPROVED


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"type": "mcp_approval_response", "approve": True}, "approval_request_id"),
        ({"type": "mcp_approval_response", "approval_request_id": "r"}, "approve"),
        (mcp_call("m", approval_request_id=["r"]), "approval_request_id"),
        ({"type": "mcp_list_tools"}, "server_label"),
    ],
)
def test_an_item_that_cannot_be_read_is_refused(item: Json, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        messages(item)
    assert caught.value.param == f"input[0].{field}"


def test_tools_that_the_conversation_adds() -> None:
    mail = {"type": "function", "name": "mail"}
    added = {"type": "additional_tools", "role": "developer", "tools": [mail]}
    found: dict[str, Any] = {"type": "tool_search_output", "call_id": "1", "tools": [mail]}
    items = input_items([added, found], lambda _: None)
    places = Places(items)
    assert loaded_tools(items, places) == [("input[0].tools[0]", mail), ("input[1].tools[0]", mail)]


def test_what_only_its_server_can_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    made = messages({"type": "compaction", "id": "c", "encrypted_content": "gAAAA"})
    assert made == []
    assert caplog.messages[0].startswith("input[0] was left out")


def call(name: str, *pieces: str) -> list[ToolCallDelta]:
    first, *rest = pieces
    return [
        ToolCallDelta(0, "call_1", name, first),
        *(ToolCallDelta(0, None, None, piece) for piece in rest),
    ]


def written(*deltas: ToolCallDelta) -> tuple[list[Json], Json]:
    events, response = write([*deltas, finished("tool_calls")], tools=TOOLS)
    (item,) = response["output"]
    assert messages(item)[0]["tool_calls"][0]["function"]["name"] == deltas[0].name
    return events, item


def test_a_call_in_a_namespace_comes_back_with_both_names() -> None:
    events, item = written(*call("agents.close", "{", "}"))
    assert (item["type"], item["name"], item["namespace"]) == ("function_call", "close", "agents")
    assert item["arguments"] == "{}"
    assert read(events).output == [item]


def test_the_events_of_a_custom_call() -> None:
    events, item = written(*call("patch", '{"input": "a\\', "n", 'b"', "}"))
    assert [event["type"].removeprefix("response.") for event in events[2:-1]] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert [event["delta"] for event in events if "delta" in event] == ["a", "\n", "b"]
    assert (item["type"], item["name"], item["input"]) == ("custom_tool_call", "patch", "a\nb")
    assert events[-3]["input"] == "a\nb"
    assert read(events).output == [item]


def test_a_custom_call_in_a_namespace() -> None:
    _, item = written(*call("agents.tell", '{"input": "x"}'))
    assert (item["type"], item["name"], item["namespace"]) == ("custom_tool_call", "tell", "agents")


@pytest.mark.parametrize(
    ("name", "arguments", "fields"),
    [
        (
            "local_shell",
            '{"command": ["ls"], "timeout_ms": 5}',
            {"action": {"type": "exec", "command": ["ls"], "env": {}, "timeout_ms": 5}},
        ),
        ("shell", '{"commands": ["ls"]}', {"action": {"commands": ["ls"]}}),
        (
            "apply_patch",
            '{"type": "delete_file", "path": "a"}',
            {"operation": {"type": "delete_file", "path": "a"}},
        ),
        ("tool_search", '{"query": "q"}', {"arguments": {"query": "q"}, "execution": "client"}),
    ],
)
def test_a_call_that_the_client_runs(name: str, arguments: str, fields: Json) -> None:
    events, item = written(*call(name, arguments[:5], arguments[5:]))
    assert item.items() >= {"type": f"{name}_call", "call_id": "call_1", **fields}.items()
    assert [event["type"] for event in events[2:-1]] == [
        "response.output_item.added",
        "response.output_item.done",
    ]
    assert read(events).output == [item]
    told: Any = messages(item)[0]["tool_calls"][0]["function"]["arguments"]
    assert told == arguments
