from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.text.deltas import Content, Delta, ToolCallDelta, merge
from qwen3mlx.text.markers import END_TOOL_CALL, TOOL_CALL, MarkerScanner
from qwen3mlx.text.tool_calls import ToolCallParser
from tests.support.examples import examples

from .support import pieces, run, run_scanned

CALL = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
FRAGMENTS = [
    "<tool_call>", "</tool_call>", CALL, "\n", " ", "text", "<tool", "{", "}", '"name": "f"',
    '"arguments": ', '{"a": [1, "x"]}', ", ", '{"name": "g", ', '"{}"', "null", '"', "é",
]  # fmt: skip
names = st.sampled_from(["f", "get_weather", "查天气"])
arguments = st.dictionaries(
    st.text(max_size=3),
    st.integers() | st.text(max_size=5) | st.sampled_from(["</tool_call>", "<tool_call>", "}"]),
    max_size=3,
)


def parse(parts: list[str]) -> tuple[list[Delta], int]:
    """The merged deltas of an answer, ids left out, and the number of complete calls."""
    parser = ToolCallParser()
    deltas = run_scanned(parser.feed, parser.finish, parts)
    assert all(delta.text for delta in deltas if isinstance(delta, Content)), "an empty delta"
    ids = [delta.id for delta in deltas if isinstance(delta, ToolCallDelta) and delta.id]
    assert all(re.fullmatch("call_[0-9a-f]{24}", call_id) for call_id in ids)
    assert len(ids) == len(set(ids))
    anonymous: list[Delta] = [
        ToolCallDelta(delta.index, None, delta.name, delta.arguments)
        if isinstance(delta, ToolCallDelta)
        else delta
        for delta in deltas
    ]
    return merge(anonymous), parser.num_calls


def call(index: int, name: str, arguments: str) -> ToolCallDelta:
    return ToolCallDelta(index, None, name, arguments)


@settings(max_examples=examples(400))
@given(pieces(FRAGMENTS))
def test_any_cut_gives_the_same(parts: list[str]) -> None:
    text = "".join(parts)
    whole = parse([text])
    assert parse(parts) == whole
    assert parse(list(text)) == whole


@settings(max_examples=examples(200))
@given(pieces([fragment for fragment in FRAGMENTS if fragment != CALL]))
def test_without_a_call_everything_is_content(parts: list[str]) -> None:
    text = "".join(parts)
    deltas, _ = parse(parts)
    if not any(isinstance(delta, ToolCallDelta) for delta in deltas):
        assert deltas == ([Content(text)] if text else [])


@settings(max_examples=examples(200))
@given(
    before=st.sampled_from(["", "Let me look.", "a\n", "<"]),
    calls=st.lists(st.tuples(names, arguments), min_size=1, max_size=3),
    after=st.sampled_from(["", "Done.", "\nDone.", "<tool"]),
    ascii_only=st.booleans(),
)
def test_calls_come_out_as_they_were_written(
    before: str, calls: list[tuple[str, dict[str, Any]]], after: str, ascii_only: bool
) -> None:
    texts = [
        f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": '
        f"{json.dumps(arguments, ensure_ascii=ascii_only)}}}\n</tool_call>"
        for name, arguments in calls
    ]
    answer = "\n".join([before, *texts] if before else texts) + after
    deltas, count = parse(list(answer))
    assert count == len(calls)
    if before:
        assert deltas.pop(0) == Content(before)
    if after:
        assert deltas.pop() == Content(after)
    assert deltas == [
        call(index, name, json.dumps(arguments, ensure_ascii=ascii_only))
        for index, (name, arguments) in enumerate(calls)
    ]


@pytest.mark.parametrize(
    ("envelope", "arguments"),
    [
        ('{"name": "f", "arguments": {"a": 1}}', '{"a": 1}'),
        ('{"arguments": {"a": 1}, "name": "f"}', '{"a": 1}'),
        ('{"name":"f","arguments":{}}', "{}"),
        ('{"name": "f"}', "{}"),
        ('{"name": "f", "arguments": null}', "{}"),
        ('{"name": "f", "arguments": ""}', "{}"),
        ('{"name": "f", "arguments": "{\\"a\\": \\"\\\\u00e9\\"}"}', '{"a": "\\u00e9"}'),
        ('{"arguments": " {} ", "name": "f"}', " {} "),
        ('{"id": 7, "name": "f", "arguments": {"a": 1}, "type": "x"}', '{"a": 1}'),
        ('{"name": "f", "arguments": {"a": {"name": "g"}}}', '{"a": {"name": "g"}}'),
        (' { "name" : "f" , "arguments" : { "a" : [ ] } } ', '{ "a" : [ ] }'),
    ],
)
def test_shapes_that_models_write(envelope: str, arguments: str) -> None:
    for text in (f"<tool_call>\n{envelope}\n</tool_call>", f"<tool_call>{envelope}</tool_call>"):
        assert parse([text]) == ([call(0, "f", arguments)], 1)


@pytest.mark.parametrize(
    "envelope",
    [
        "",
        "f(1)",
        "[]",
        "{}",
        '{"name": "f"',
        '{"name": "f", "arguments": [1]}',
        '{"name": "f", "arguments": "text"}',
        '{"name": "f", "arguments": "{} {}"}',
        '{"name": "f", "arguments": "{\\"a\\": \\"\\ud800\\"}"}',
        '{"name": 7, "arguments": {}}',
        '{"name": "", "arguments": {}}',
        '{"name": "\\ud800", "arguments": {}}',
        '{"name": "f", "name": "g"}',
        "{'name': 'f'}",
        '{"name": "f" "arguments": {}}',
        '{"arguments": {"a": 1}}',
    ],
)
def test_a_malformed_call_stays_content_in_full(envelope: str) -> None:
    text = f"look:\n<tool_call>\n{envelope}\n</tool_call>\n"
    assert parse([text]) == ([Content(text)], 0)
    assert parse([text + CALL]) == ([Content(text[:-1]), call(0, "f", '{"a": 1}')], 1)


def test_a_call_that_breaks_after_it_was_streamed_keeps_its_remainder() -> None:
    text = '<tool_call>\n{"name": "f", "arguments": {"a": 1, oops}}\n</tool_call>'
    assert parse([text]) == ([call(0, "f", '{"a": 1, '), Content("oops}}\n</tool_call>")], 0)
    text = '<tool_call>\n{"name": "f", "arguments": {"a": 1}, "x": oops}\n</tool_call>'
    assert parse([text]) == ([call(0, "f", '{"a": 1}'), Content(', "x": oops}\n</tool_call>')], 0)
    text = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}}\n</tool_call>'
    assert parse([text]) == ([call(0, "f", '{"a": 1}'), Content("}\n</tool_call>")], 1)


def test_a_malformed_call_after_a_good_one_keeps_its_newlines() -> None:
    tail = "\n\n<tool_call>\noops\n</tool_call>"
    assert parse([CALL + tail]) == ([call(0, "f", '{"a": 1}'), Content(tail)], 1)


def test_indices_and_names_after_a_broken_call() -> None:
    broken = '<tool_call>\n{"name": "f", "arguments": {"a": !}}\n</tool_call>\n'
    deltas, count = parse([broken + CALL])
    assert deltas == [
        call(0, "f", '{"a": '),
        Content("!}}\n</tool_call>"),
        call(1, "f", '{"a": 1}'),
    ]
    assert count == 1


@pytest.mark.parametrize(
    ("text", "deltas", "count"),
    [
        ("a" + CALL + "b", [Content("a"), call(0, "f", '{"a": 1}'), Content("b")], 1),
        ("\n\n" + CALL, [Content("\n"), call(0, "f", '{"a": 1}')], 1),
        (CALL + "\n\n" + CALL, [call(0, "f", '{"a": 1}'), call(1, "f", '{"a": 1}')], 2),
        (CALL + "\n", [call(0, "f", '{"a": 1}')], 1),
        (CALL + "\n<tool_", [call(0, "f", '{"a": 1}'), Content("\n<tool_")], 1),
        (CALL[:-12] + CALL, [call(0, "f", '{"a": 1}'), call(1, "f", '{"a": 1}')], 2),
        (CALL[:-4], [call(0, "f", '{"a": 1}')], 1),
        (CALL[:-14], [call(0, "f", '{"a": 1}')], 0),
        ("<tool_call>\n" + CALL, [Content("<tool_call>\n"), call(0, "f", '{"a": 1}')], 1),
        ("x\n<tool_call>\n", [Content("x\n<tool_call>\n")], 0),
        ("x\n<tool_ca", [Content("x\n<tool_ca")], 0),
        ("x\n", [Content("x\n")], 0),
        ("a </tool_call> b", [Content("a </tool_call> b")], 0),
    ],
)
def test_text_around_calls_and_cut_offs(text: str, deltas: list[Delta], count: int) -> None:
    assert parse([text]) == (deltas, count)


def test_arguments_stream_once_the_name_is_known() -> None:
    parser = ToolCallParser()
    assert parser.feed("Hm.\n") == [Content("Hm.")]
    assert parser.feed(TOOL_CALL) == []
    assert parser.feed('\n{"name": "f", "argum') == []
    (first,) = parser.feed('ents": {"ci')
    assert isinstance(first, ToolCallDelta)
    assert (first.index, first.name, first.arguments) == (0, "f", '{"ci')
    assert first.id
    assert parser.feed('ty": "Par') == [ToolCallDelta(0, None, None, 'ty": "Par')]
    assert parser.num_calls == 0
    assert parser.feed('is"}}') == [ToolCallDelta(0, None, None, 'is"}')]
    assert parser.num_calls == 1
    assert parser.feed("\n") == []
    assert parser.feed(END_TOOL_CALL) == []
    assert parser.finish() == []


@pytest.mark.parametrize("size", range(len("<tool_call>"), len(CALL) + 1))
def test_a_call_that_is_cut_off_is_a_call_as_far_as_it_is_known(size: int) -> None:
    parser = ToolCallParser()
    deltas = merge(run_scanned(parser.feed, partial(parser.finish, cut_off=True), [CALL[:size]]))
    named = size > CALL.index('"f"') + 2
    assert [isinstance(delta, ToolCallDelta) for delta in deltas] == ([True] if named else [])
    for delta in deltas:
        assert isinstance(delta, ToolCallDelta)
        assert delta.id
        assert delta.name == "f"
        assert '{"a": 1}'.startswith(delta.arguments)


def test_of_several_calls_the_last_is_cut_off() -> None:
    parser = ToolCallParser()
    for piece in MarkerScanner().feed(CALL + '\n<tool_call>\n{"name": "g", "arguments"'):
        parser.feed(piece)
    assert parser.inside_call
    (last,) = parser.finish(cut_off=True)
    assert isinstance(last, ToolCallDelta)
    assert (last.index, last.name, last.arguments) == (1, "g", "")


@settings(max_examples=examples(200))
@given(pieces(FRAGMENTS))
def test_text_that_reads_like_a_marker_is_text(parts: list[str]) -> None:
    parser = ToolCallParser()
    deltas = merge(run(parser.feed, parser.finish, parts))
    text = "".join(parts)
    assert deltas == ([Content(text)] if text else [])
    assert parser.num_calls == 0


def test_a_marker_inside_the_arguments_is_a_part_of_them() -> None:
    parser = ToolCallParser()
    pieces = [TOOL_CALL, '{"name": "f", "arguments": {"a": "', END_TOOL_CALL, '"}}', END_TOOL_CALL]
    deltas = merge(run(parser.feed, parser.finish, pieces))
    assert [delta.arguments for delta in deltas if isinstance(delta, ToolCallDelta)] == [
        '{"a": "</tool_call>"}'
    ]
    assert parser.num_calls == 1
