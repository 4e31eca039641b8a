from __future__ import annotations

from qwen3mlx.text.deltas import Content, Reasoning, ToolCallDelta, merge


def test_neighbours_of_one_kind_become_one() -> None:
    first = ToolCallDelta(0, "call_1", "f", "{")
    assert merge(
        [
            Reasoning("a"),
            Reasoning("b"),
            Content("c"),
            Content(""),
            Content("d"),
            first,
            ToolCallDelta(0, None, None, "}"),
            ToolCallDelta(1, "call_2", "f", "{}"),
            Content("e"),
            Reasoning(""),
            Reasoning("f"),
        ]
    ) == [
        Reasoning("ab"),
        Content("cd"),
        ToolCallDelta(0, "call_1", "f", "{}"),
        ToolCallDelta(1, "call_2", "f", "{}"),
        Content("e"),
        Reasoning("f"),
    ]
    assert first.arguments == "{"


def test_empty_texts_vanish_but_empty_arguments_stay() -> None:
    assert merge([Content(""), Reasoning("")]) == []
    assert merge([ToolCallDelta(0, "call_1", "f", "")]) == [ToolCallDelta(0, "call_1", "f", "")]
