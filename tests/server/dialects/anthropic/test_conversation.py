"""Anthropic's messages -> the messages of the chat template."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.server.dialects.anthropic.conversation import chat_messages
from qwen3mlx.server.dialects.anthropic.schemas import Message, TextBlock
from qwen3mlx.server.dialects.shared.sealed import seal

Json = dict[str, Any]


def chat(*messages: Json, system: Any = None) -> list[Json]:
    blocks = system if isinstance(system, str) else [TextBlock(**b) for b in system or ()]
    return chat_messages(blocks, [Message.model_validate(message) for message in messages])


def user(*blocks: Json | str) -> Json:
    return {"role": "user", "content": [text(b) if isinstance(b, str) else b for b in blocks]}


def assistant(*blocks: Json | str) -> Json:
    return {**user(*blocks), "role": "assistant"}


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def call(call_id: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "id": call_id, "name": "clock", "input": arguments}


def result(call_id: str, content: Any, **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


def test_a_string_is_one_block_of_text() -> None:
    assert chat({"role": "user", "content": "Hi"}) == chat(user("Hi"))
    assert chat(user("Hi")) == [{"role": "user", "content": "Hi"}]


def test_blocks_of_a_user_are_paragraphs_and_those_of_the_assistant_one_text() -> None:
    assert chat(user("One.", "Two."))[0]["content"] == "One.\n\nTwo."
    assert chat(assistant("One", ", two."))[0]["content"] == "One, two."


def test_turns_of_one_role_in_a_row_are_one_turn() -> None:
    assert chat(user("One."), user("Two.")) == chat(user("One.", "Two."))
    assert chat(assistant("a"), assistant("b"), user("c")) == chat(assistant("a", "b"), user("c"))


def test_system_comes_first_and_may_come_later() -> None:
    later = {"role": "system", "content": "Be brief."}
    assert chat(user("Hi"), later, system=[text("Be kind."), text("Be true.")]) == [
        {"role": "system", "content": "Be kind.\n\nBe true."},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Be brief."},
    ]
    assert chat(user("Hi"), system="") == chat(user("Hi"))


@pytest.mark.parametrize("form", ["block", "line", "string"])
def test_the_line_that_changes_with_each_request_is_left_out(form: str) -> None:
    line = "x-anthropic-billing-header: cc_version=2.1.177.01c; cch={};"

    def system(number: int) -> Any:
        first = line.format(number)
        if form == "block":
            return [text(first), text("Be kind.")]
        return f"{first}\nBe kind." if form == "string" else [text(f"{first}\nBe kind.")]

    assert chat(user("Hi"), system=system(1)) == chat(user("Hi"), system=system(2))
    assert chat(user("Hi"), system=system(1)) == chat(user("Hi"), system="Be kind.")


def test_a_tool_turn() -> None:
    thought = {"type": "thinking", "thinking": "Which zone?", "signature": "s"}
    asked = assistant(thought, "Let me see.", call("toolu_1", zone="UTC"))
    answered = user(result("toolu_1", [text("12:00")]), "Thanks")
    assert chat(user("Time?"), asked, answered) == [
        {"role": "user", "content": "Time?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "reasoning_content": "Which zone?",
            "tool_calls": [
                {
                    "id": "toolu_1",
                    "type": "function",
                    "function": {"name": "clock", "arguments": {"zone": "UTC"}},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_1", "content": "12:00"},
        {"role": "user", "content": "Thanks"},
    ]


def test_results_come_in_the_order_of_their_calls_and_before_the_text() -> None:
    calls = assistant(call("a"), call("b"), call("c"))
    given = chat(calls, user("So?", result("c", "3")), user(result("a", "1"), result("b", "2")))
    assert [message["content"] for message in given[1:]] == ["1", "2", "3", "So?"]


def test_a_failed_tool_says_so() -> None:
    failed = user(result("a", "no such zone", is_error=True), result("b", None, is_error=False))
    assert [m["content"] for m in chat(assistant(call("a"), call("b")), failed)[1:]] == [
        "Error: no such zone",
        "",
    ]


def test_thoughts_come_back_from_their_signature() -> None:
    hidden = {"type": "thinking", "thinking": "", "signature": seal("Hm…")}
    assert chat(assistant(hidden, "Yes."))[0]["reasoning_content"] == "Hm…"
    foreign = {"type": "thinking", "thinking": "", "signature": "EqoB"}
    redacted = {"type": "redacted_thinking", "data": "EqoB"}
    assert chat(assistant(foreign, redacted, "Yes.")) == chat(assistant("Yes."))


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}
DOCUMENT = {"type": "document", "source": {"type": "base64", "data": "JVBERi0="}}


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([user(IMAGE)], "messages[0].content[0]"),
        ([user("Hi"), assistant("Yes"), user(DOCUMENT)], "messages[2].content[0]"),
        ([assistant(call("a")), user(result("b", "x"))], "messages[1].content[0].tool_use_id"),
        ([user(result("a", "x"))], "messages[0].content[0].tool_use_id"),
        ([user(call("a"))], "messages[0].content[0].type"),
        ([assistant(result("a", "x"))], "messages[0].content[0].type"),
        (
            [user("a"), user("b", {"type": "thinking", "thinking": "x"})],
            "messages[1].content[1].type",
        ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("caplog")
def test_what_has_no_place_is_refused_by_its_place(messages: list[Json], field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        chat(*messages)
    assert caught.value.param == field
    assert str(caught.value).startswith(field)


SOURCE = {"type": "text", "media_type": "text/plain", "data": "The sky is blue."}
PARTS = {"type": "content", "content": [{"type": "text", "text": "Blue."}]}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "document", "source": SOURCE}, "The sky is blue."),
        (
            {"type": "document", "source": SOURCE, "title": "Sky", "context": "Of 2026."},
            "Sky\nOf 2026.\nThe sky is blue.",
        ),
        ({"type": "document", "source": PARTS}, "Blue."),
        (
            {
                "type": "search_result",
                "title": "Sky",
                "source": "https://x",
                "content": [text("A")],
            },
            "Sky\nhttps://x\nA",
        ),
        ({"type": "tool_reference", "tool_name": "clock"}, "The tool clock can be called."),
        ({"type": "container_upload", "file_id": "f"}, "(A file, which cannot be read here.)"),
    ],
)
def test_blocks_that_hold_text_are_read(block: Json, expected: str) -> None:
    assert chat(user("Look:", block))[0]["content"] == f"Look:\n\n{expected}"
    told = chat(user("Hi"), assistant(call("a")), user(result("a", [block])))
    assert told[2]["content"] == expected


def test_what_anthropics_servers_ran_is_a_call_and_its_result() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "s",
        "content": [
            {"type": "web_search_result", "title": "T", "url": "u", "encrypted_content": "x"}
        ],
    }
    assert chat(user("Hi"), assistant("I look.", search, found, "It is so.")) == [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "s",
                    "type": "function",
                    "function": {"name": "web_search", "arguments": {"query": "q"}},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "s", "content": '{"title": "T", "url": "u"}'},
        {"role": "assistant", "content": "It is so."},
    ]


def test_a_call_of_an_mcp_server_and_one_of_the_clients() -> None:
    ask = {"type": "mcp_tool_use", "id": "m", "name": "find", "server_name": "docs", "input": {}}
    told = {"type": "mcp_tool_result", "tool_use_id": "m", "content": [text("here")]}
    made = chat(user("Hi"), assistant(ask, told, call("a")), user(result("a", "noon")))
    roles = [message["role"] for message in made]
    assert roles == ["user", "assistant", "tool", "assistant", "tool"]
    assert made[1]["tool_calls"][0]["function"]["name"] == "docs.find"
    assert made[2]["content"] == "here"


def test_a_call_that_was_not_answered_yet() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    assert chat(user("Hi"), assistant(search))[2]["content"] == "(There is no result.)"
