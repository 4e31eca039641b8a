"""Items as clients send them, as they are stored, and as chat messages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.events import Event
from qwen3mlx.server.dialects.responses.items import Item, input_items
from qwen3mlx.server.dialects.responses.messages import to_messages
from qwen3mlx.server.dialects.shared.sealed import seal, unseal
from qwen3mlx.text import Content, Reasoning, ToolCallDelta
from qwen3mlx.text.messages import normalize_messages

from .support import finished, write


def nothing(item_id: str) -> Item | None:
    return None


def messages(*items: dict[str, Any], instructions: str | None = None) -> list[dict[str, Any]]:
    return to_messages(instructions, input_items(list(items), nothing))


def refused(*items: Any) -> tuple[str, str | None]:
    with pytest.raises(InvalidRequestError) as caught:
        input_items(list(items), nothing)
    return str(caught.value), caught.value.param


def test_a_string_is_a_message_of_the_user() -> None:
    (item,) = input_items("Hi", nothing)
    assert item.pop("id").startswith("msg_")
    assert item == {
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hi"}],
    }


def test_instructions_come_first() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    assert messages(developer, instructions="Be kind.") == [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": "Be brief."},
    ]


def test_parts_of_text_are_joined_and_refusals_are_read() -> None:
    user = {"role": "user", "content": [{"type": "input_text", "text": t} for t in ("a", "b")]}
    refusal = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert [message["content"] for message in messages(user, refusal)] == ["ab", "No."]


def test_ids_statuses_and_phases_are_kept() -> None:
    given = {"type": "message", "id": "msg_1", "status": "incomplete", "role": "assistant"}
    (item,) = input_items([{**given, "phase": "commentary", "content": "So"}], nothing)
    assert {**given, "phase": "commentary"}.items() <= item.items()


def test_a_turn_with_thoughts_text_and_calls_is_one_message() -> None:
    reasoning = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}
    calls = [
        {"type": "function_call", "call_id": f"call_{n}", "name": n, "arguments": "{}"}
        for n in ("a", "b")
    ]
    output = {"type": "function_call_output", "call_id": "call_a", "output": "1"}
    listed = {**output, "call_id": "call_b", "output": [{"type": "input_text", "text": "2"}]}
    text = {"role": "assistant", "content": "Let me look."}
    turn, first, second = messages(reasoning, text, *calls, output, listed)
    assert turn["reasoning_content"] == "Hm."
    assert turn["content"] == "Let me look."
    assert [call["id"] for call in turn["tool_calls"]] == ["call_a", "call_b"]
    assert turn["tool_calls"][0]["function"] == {"name": "a", "arguments": "{}"}
    assert first == {"role": "tool", "tool_call_id": "call_a", "content": "1"}
    assert second == {"role": "tool", "tool_call_id": "call_b", "content": "2"}


def test_messages_of_the_assistant_stay_apart() -> None:
    texts = ["I should answer.", "Four."]
    given = [{"role": "assistant", "content": text} for text in texts]
    assert [message["content"] for message in messages(*given)] == texts


def test_what_follows_a_call_without_its_output_is_a_turn_of_its_own() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    text = {"role": "assistant", "content": "Done."}
    first, second = messages(call, text)
    assert "tool_calls" in first
    assert second == text


def test_thoughts_are_read_from_the_first_of_three_places() -> None:
    summary = [{"type": "summary_text", "text": "S"}, {"type": "summary_text", "text": "T"}]
    item: dict[str, Any] = {"type": "reasoning", "summary": summary}
    content = [{"type": "reasoning_text", "text": "C"}]
    assert messages(item)[0]["reasoning_content"] == "S\n\nT"
    sealed = {**item, "encrypted_content": seal("E")}
    assert messages(sealed)[0]["reasoning_content"] == "E"
    assert messages({**sealed, "content": content})[0]["reasoning_content"] == "C"


def test_sealed_thoughts_are_read() -> None:
    (turn,) = messages({"type": "reasoning", "summary": [], "encrypted_content": seal("Hm.")})
    assert turn["reasoning_content"] == "Hm."


@given(st.text())
def test_sealing_loses_nothing_but_what_utf8_cannot_hold(text: str) -> None:
    assert unseal(seal(text)) == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("content", [None, 7, "gAAAAABo", "qwen3mlx:*", "qwen3mlx:/w=="])
def test_what_others_have_sealed_is_no_thought(content: object) -> None:
    assert unseal(content) == ""


def test_references_are_looked_up() -> None:
    (item,) = input_items("Hi", nothing)
    reference = {"type": "item_reference", "id": item["id"]}
    assert input_items([reference], {item["id"]: item}.get) == [item]


def test_an_unknown_reference_is_refused() -> None:
    message, param = refused({"type": "item_reference", "id": "msg_9"})
    assert param == "input[0].id"
    assert "msg_9" in message


def test_an_image_is_refused_where_it_is_all_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,"}
    message, param = refused({"role": "user", "content": [image]})
    assert param == "input[0].content[0]"
    assert "text only" in message


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({}, "input[0].type"),
        ({"type": "web_search"}, "input[0].type"),
        ({"type": ["message"]}, "input[0].type"),
        ({"type": "compaction_trigger"}, "input[0].type"),
        ({"type": "custom_tool_call", "call_id": "c", "name": "f"}, "input[0].input"),
        ({"type": "mcp_call", "id": "m", "server_label": "s"}, "input[0].name"),
        ({"role": "tool", "content": "x"}, "input[0].role"),
        ({"role": "user"}, "input[0].content"),
        ({"role": "user", "content": ["x"]}, "input[0].content[0]"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[0].content[0].text"),
        ({"type": "reasoning", "content": [{"type": "x"}]}, "input[0].content[0].type"),
        ({"type": "reasoning", "summary": 5}, "input[0].summary"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[0].call_id"),
        ({"type": "function_call", "call_id": "c", "name": "f"}, "input[0].arguments"),
        ({"type": "function_call_output", "call_id": "c"}, "input[0].output"),
        ({"type": "item_reference"}, "input[0].id"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(item: dict[str, Any], param: str) -> None:
    assert refused(item)[1] == param


_TYPES = (
    *("message", "reasoning", "function_call", "function_call_output", "item_reference"),
    *("custom_tool_call", "custom_tool_call_output", "local_shell_call", "local_shell_call_output"),
    *("web_search_call", "mcp_call", "tool_search_call", "tool_search_output", "program"),
)
_PART_TYPES = ("input_text", "output_text", "refusal", "reasoning_text", "summary_text")
_VALUES = st.none() | st.integers() | st.text(max_size=3)


def _objects(types: Sequence[str], fields: dict[str, Any]) -> Any:
    return st.fixed_dictionaries({}, optional={"type": st.sampled_from(types), **fields})


_PARTS = st.lists(_objects(_PART_TYPES, {"text": _VALUES, "refusal": _VALUES}), max_size=2)
_CONTENTS = _VALUES | _PARTS
_ITEMS = _objects(
    _TYPES,
    {
        "role": st.sampled_from(["user", "assistant", "developer"]) | _VALUES,
        "call_id": _VALUES,
        "name": _VALUES,
        "arguments": _VALUES,
        "server_label": _VALUES,
        "tools": _VALUES | st.lists(_VALUES, max_size=1),
        **dict.fromkeys(("action", "input", "result"), _CONTENTS),
        "id": _VALUES,
        "status": _VALUES,
        **dict.fromkeys(("content", "summary", "output"), _CONTENTS),
    },
)


@given(st.lists(_ITEMS, max_size=3))
def test_any_items_are_read_or_refused(items: list[dict[str, Any]]) -> None:
    try:
        read = input_items(items, nothing)
    except InvalidRequestError as error:
        refused_at = error.param or ""
    else:
        refused_at = "input["
        assert input_items(read, nothing) == read
        # A result may have no call, and a call no result.
        with suppress(InvalidRequestError):
            normalize_messages([{"role": "user"}, *to_messages(None, read)])
    assert refused_at.startswith("input[")


@given(
    st.lists(
        st.one_of(
            st.builds(Reasoning, st.text(min_size=1)),
            st.builds(Content, st.text(min_size=1)),
            st.builds(ToolCallDelta, st.just(0), st.just("call_1"), st.just("f"), st.just("{}")),
        ),
        max_size=5,
    )
)
def test_what_the_server_says_it_also_reads(events: list[Event]) -> None:
    _, response = write([*events, finished()], include=["reasoning.encrypted_content"])
    output = response["output"]
    again = input_items(output, nothing)
    assert to_messages(None, again) == to_messages(None, output)
    normalize_messages(to_messages(None, output))
