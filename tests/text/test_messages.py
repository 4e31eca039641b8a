from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.text.messages import normalize_messages, normalize_tools, soft_switch
from tests.support.examples import examples


def one(message: dict[str, Any]) -> dict[str, Any]:
    (plain,) = normalize_messages([message])
    return plain


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a "}, {"type": "input_text", "text": "b"}], "a b"),
        ([{"type": "output_text", "text": "c", "annotations": []}, "d", {"text": "e"}], "cde"),
    ],
)
def test_content_becomes_text(content: object, text: str) -> None:
    for role in ("user", "system", "assistant", "tool"):
        assert one({"role": role, "content": content})["content"] == text
    assert one({"role": "assistant"})["content"] == ""


@pytest.mark.parametrize(
    ("message", "param", "names"),
    [
        (
            {"role": "user", "content": [{"type": "image_url"}]},
            "messages[0].content[0]",
            "is an image",
        ),
        (
            {"role": "user", "content": [" ", {"type": "image_url", "image_url": {"url": ""}}]},
            "messages[0].content[1].image_url",
            "is an image",
        ),
        (
            {"role": "user", "content": [{"type": "hologram"}]},
            "messages[0].content[0].type",
            "hologram",
        ),
        (
            {"role": "user", "content": ["a", {"type": "text"}]},
            "messages[0].content[1].text",
            "string",
        ),
        ({"role": "user", "content": [7]}, "messages[0].content[0]", "text part"),
        ({"role": "user", "content": {"type": "text"}}, "messages[0].content", "list"),
        ({"role": "user", "content": 7}, "messages[0].content", "string"),
        ({"role": "wizard", "content": ""}, "messages[0].role", "'wizard'"),
        ({"role": ["user"], "content": ""}, "messages[0].role", "assistant"),
        ({"content": "no role"}, "messages[0].role", "null"),
        ("not a message", "messages[0]", "role and content"),
        ({"role": "assistant", "reasoning_content": 7}, "messages[0].reasoning_content", "string"),
        ({"role": "assistant", "tool_calls": "x"}, "messages[0].tool_calls", "list"),
        ({"role": "user", "tool_calls": 5}, "messages[0].tool_calls", "list"),
        (
            {"role": "system", "tool_calls": [{"function": {"name": "f"}}]},
            "messages[0].tool_calls",
            "only assistant messages",
        ),
        ({"role": "assistant", "tool_calls": ["x"]}, "messages[0].tool_calls[0]", "function"),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": 5}}]},
            "messages[0].tool_calls[0].function.name",
            "name",
        ),
    ],
)
@pytest.mark.usefixtures("caplog")
def test_what_is_unsupported_is_named(message: Any, param: str, names: str) -> None:
    with pytest.raises(InvalidRequestError, match=names) as caught:
        normalize_messages([message])
    assert caught.value.param == param


@pytest.mark.parametrize("messages", [[], "text", {"role": "user", "content": "x"}])
def test_messages_must_be_some(messages: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        normalize_messages(messages)
    assert caught.value.param == "messages"


def test_tools_are_a_list_of_objects() -> None:
    tool = {"type": "function", "function": {"name": "now"}}
    assert normalize_tools((tool,)) == [tool]
    assert normalize_tools([]) is None
    assert normalize_tools(None) is None
    for tools, param in (({"type": "function"}, "tools"), ([tool, print], "tools[1]")):
        with pytest.raises(InvalidRequestError) as caught:
            normalize_tools(tools)
        assert caught.value.param == param


def test_developer_is_system_and_opening_instructions_are_one() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be brief.", "name": "x"},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        user("hi"),
        {"role": "developer", "content": "Now in French."},
        {"role": "system", "content": "Politely."},
    ]
    plain = normalize_messages(messages)
    assert [(message["role"], message["content"]) for message in plain] == [
        ("system", "Be brief.\n\nBe kind."),
        ("user", "hi"),
        ("system", "Now in French."),
        ("system", "Politely."),
    ]


@pytest.mark.parametrize(
    ("message", "reasoning"),
    [
        ({"reasoning_content": "r"}, "r"),
        ({"reasoning": "r"}, "r"),
        ({"reasoning_content": "", "reasoning": "r"}, ""),
        ({"reasoning_content": None, "reasoning": "r"}, "r"),
        ({"reasoning_content": None}, None),
    ],
)
def test_reasoning_is_passed_on_under_one_name(message: Any, reasoning: str | None) -> None:
    plain = one({"role": "assistant", "content": "c", **message})
    assert plain.get("reasoning_content") == reasoning
    assert "reasoning" not in plain


@pytest.mark.parametrize(
    ("arguments", "rendered"),
    [
        ('{"a": "北京", "b": [1.5, null]}', {"a": "北京", "b": [1.5, None]}),
        ({"a": 1}, {"a": 1}),
        ("", {}),
        (None, {}),
        ("not json", "not json"),
        ("[1]", "[1]"),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('{"a": NaN}', '{"a": NaN}'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_arguments_are_objects_where_they_can_be(arguments: object, rendered: object) -> None:
    function = {"name": "f", "arguments": arguments}
    nested = {"id": "call_1", "type": "function", "function": function}
    plain = one({"role": "assistant", "content": None, "tool_calls": [nested, function]})
    assert plain["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": rendered}},
        {"name": "f", "arguments": rendered},
    ]


@pytest.mark.parametrize("calls", [None, []])
def test_no_tool_calls(calls: object) -> None:
    assert "tool_calls" not in one({"role": "assistant", "content": "c", "tool_calls": calls})


def test_the_callers_objects_stay_as_they_were() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "developer", "content": [{"type": "text", "text": "a"}]},
        {"role": "system", "content": None},
        {
            "role": "assistant",
            "reasoning": "r",
            "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}],
        },
    ]
    before = copy.deepcopy(messages)
    normalize_messages(messages)
    soft_switch(messages)
    assert messages == before


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        ("hi", None),
        ("hi /think", True),
        ("hi /no_think", False),
        ("/no_think", False),
        ("你好/no_think", False),
        ("first /think then /no_think.", False),
        ("/no_think\n/think\n", True),
        ("see https://example.com/think", None),
        ("run /think/tank or /thinking or /think_hard or /think-tank", None),
        ("//think", None),
        ("/nothink", None),
    ],
)
def test_soft_switch_in_one_message(text: str, switch: bool | None) -> None:
    assert soft_switch([user(text)]) is switch
    assert soft_switch([{"role": "developer", "content": text}]) is switch


def test_the_latest_soft_switch_of_user_or_system_wins() -> None:
    off, on = user("a /no_think"), user("b /think")
    said = {"role": "assistant", "content": "I will /think", "reasoning_content": "/think"}
    result = {"role": "tool", "content": "/think"}
    assert soft_switch([on, said, off, said, result]) is False
    assert soft_switch([off, on, user("no switch here")]) is True
    assert soft_switch([{"role": "system", "content": "/no_think"}, user("x"), said]) is False
    assert soft_switch([user("x"), said, result]) is None


def calling(*ids: str | None, name: str = "f") -> dict[str, Any]:
    calls = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}
        for call_id in ids
    ]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def result(content: str, **fields: str) -> dict[str, Any]:
    return {"role": "tool", "content": content, **fields}


def contents(*chat: dict[str, Any]) -> list[str]:
    return [message["content"] for message in normalize_messages(chat)]


@settings(max_examples=examples(60))
@given(
    rounds=st.lists(
        st.lists(st.sampled_from("abcde"), min_size=1, unique=True), min_size=1, max_size=4
    ),
    data=st.data(),
)
def test_results_stand_in_the_order_of_their_calls(
    rounds: list[list[str]], data: st.DataObject
) -> None:
    """Any number, any order, and later rounds with the ids of earlier ones."""
    chat, expected = [], []
    for number, ids in enumerate(rounds):
        results = [result(f"{number}{call_id}", tool_call_id=call_id) for call_id in ids]
        chat += [calling(*ids), *data.draw(st.permutations(results))]
        expected += ["", *(f"{number}{call_id}" for call_id in ids)]
    assert contents(*chat) == expected


def test_results_follow_their_turn() -> None:
    later = {"role": "user", "content": "u"}
    chat = (calling("a"), calling("b"), result("B", tool_call_id="b"), later)
    assert contents(*chat, result("A", tool_call_id="a")) == ["", "A", "", "B", "u"]


def test_results_without_ids_are_bound_by_name_then_by_place() -> None:
    turn = calling(None, None)
    turn["tool_calls"] += calling(None, name="g")["tool_calls"]
    assert contents(turn, *map(result, "123")) == ["", "1", "2", "3"]
    named = [result("G", name="g"), result("F1", name="f"), result("F2", name="f")]
    assert contents(turn, *named) == ["", "F1", "F2", "G"]
    assert contents(turn, result("G", name="g"), result("F")) == ["", "F", "G"]
    assert contents(turn, result("1", tool_call_id="x"), result("2")) == ["", "1", "2"]


def test_results_with_and_without_ids() -> None:
    chat = (calling("a", "b", "c"), result("B", tool_call_id="b"), result("A"), result("C"))
    assert contents(*chat) == ["", "A", "B", "C"]
    assert contents(calling("a", "a"), result("1"), result("2")) == ["", "1", "2"]
    assert contents(result("1"), result("2", name="f")) == ["1", "2"]


@pytest.mark.parametrize(
    ("chat", "param", "names"),
    [
        ([calling("a"), result("X", tool_call_id="x")], "messages[1].tool_call_id", "'x'"),
        ([result("X", tool_call_id="x")], "messages[0].tool_call_id", "'x'"),
        (
            [calling("a", "b"), *[result("A", tool_call_id="a")] * 2],
            "messages[2].tool_call_id",
            "'a'",
        ),
        (
            [calling("a", "b"), result("A", tool_call_id="a")],
            "messages[0].tool_calls[1].id",
            "'b'",
        ),
        ([calling("a"), {"role": "user", "content": "u"}], "messages[0].tool_calls[0].id", "'a'"),
        ([calling("a", "a"), result("A", tool_call_id="a")], "messages[1].tool_call_id", "'a'"),
        ([calling(None), result("G", name="g")], "messages[1].name", "'g'"),
        ([calling(None), *[result("F", name="f")] * 2], "messages[2].name", "'f'"),
    ],
)
def test_results_that_cannot_be_bound_are_named(
    chat: list[dict[str, Any]], param: str, names: str
) -> None:
    with pytest.raises(InvalidRequestError, match=names) as caught:
        normalize_messages(chat)
    assert caught.value.param == param
    assert param in str(caught.value)


def test_the_last_turns_calls_may_wait() -> None:
    assert contents(calling("a"), calling("b")) == ["", ""]
