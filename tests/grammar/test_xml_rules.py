"""The grammar of calls in Qwen3-Coder's form: what it allows, the parser reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.answer_check import AnswerCheck
from qwen3mlx.grammar.source import answer_grammar
from tests.support.coder import coder_tokenizer
from tests.support.examples import examples
from tests.support.grammars import allowed, demo_words, qwen3_words, refused
from tests.text.test_xml_call import calls, composed, parsed

PARAMETERS = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "unit": {"enum": ["c", "f"]},
        "days": {"type": "integer", "minimum": 0, "maximum": 9},
        "text": {"type": "string", "minLength": 2},
        "code": {"type": "string", "pattern": "^(?:[A-Z]{2}/\\d+)$"},
    },
    "required": ["path"],
}
TOOLS = [
    {"type": "function", "function": {"name": "write", "parameters": PARAMETERS}},
    {"type": "function", "function": {"name": "now"}},
]


def constraint(**options: Any) -> Any:
    words = demo_words()
    return words.constraint(words.tools(TOOLS, call_format="xml", **options))


def fault(text: str, **options: Any) -> str | None:
    """The rest of `text` that the grammar refuses, or None."""
    ids = demo_words().tokenizer.encode(text)
    index = refused(constraint(**options), ids)
    return None if index is None else demo_words().tokenizer.decode(ids[index:])


def call(name: str, *values: tuple[str, str]) -> str:
    tags = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values)
    return f"<tool_call>\n<function={name}>\n{tags}</function>\n</tool_call>"


WRITE = call("write", ("path", "a\nb"), ("unit", "c"), ("days", "3"), ("text", "\n\n"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"tool_choice": "required"}, WRITE),
        ({"tool_choice": "required"}, f"{WRITE}\n{call('now')}"),
        ({"tool_name": "now"}, call("now", ("any", "x"), ("other", "{}"))),
        ({}, f"Well.\n\n{WRITE}\n{call('now')}"),
        ({"tool_name": "write"}, call("write", ("path", ""))),
        ({"tool_name": "write"}, call("write", ("path", "x\n</parameter>\n</function>\ny"))),
        ({"tool_name": "write"}, call("write", ("path", "<parameter=unit>"), ("text", "ab"))),
        ({"tool_name": "write"}, call("write", ("path", "x"), ("code", "AB/12"))),
    ],
)
def test_calls_that_are_allowed(options: dict[str, Any], text: str) -> None:
    assert fault(text, **options) is None


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>\n{",
        "<tool_call>\n<function=writes",
        call("write"),
        call("write", ("unit", "c")),
        call("write", ("path", "x"), ("unit", "k")),
        call("write", ("path", "x"), ("days", "12")),
        call("write", ("path", "x"), ("text", "a")),
        call("write", ("path", "x"), ("code", "A1")),
        call("write", ("path", "x"), ("unit", "c"), ("other", "y")),
        f"{WRITE}<tool_call>",
    ],
)
def test_calls_that_are_not(text: str) -> None:
    assert fault(text, tool_choice="required") is not None


def test_a_text_ends_only_with_the_marker_after_its_tags() -> None:
    words = demo_words()
    followed = constraint(tool_name="write")
    begun = "<tool_call>\n<function=write>\n<parameter=path>\nx\n</parameter>\n</function>\n"
    assert refused(followed, words.tokenizer.encode(begun)) is None
    close = words.id("</tool_call>")
    assert {close, words.id("a")} <= set(allowed(followed.mask()))
    assert not words.stop_ids & set(allowed(followed.mask()))
    followed.observe(close)
    assert followed.is_done


def test_markers_that_are_no_tokens_are_text() -> None:
    source = answer_grammar(TOOLS, call_format="xml", tool_choice="required")
    followed = demo_words().constraint(source)
    for letter in WRITE:
        (token_id,) = demo_words().tokenizer.encode(letter)
        followed.observe(token_id)
    assert demo_words().stop_ids <= set(allowed(followed.mask()))


@pytest.mark.parametrize("name", ["a>b", "a\nb", ""])
def test_names_that_no_tag_can_hold(name: str) -> None:
    tool = {"function": {"name": "f", "parameters": {"properties": {name: {}}}}}
    with pytest.raises(InvalidRequestError, match="cannot write a call"):
        answer_grammar([tool], call_format="xml")


def as_json(value: Any) -> str:
    """As llguidance wants it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def test_a_listed_text_may_hold_anything() -> None:
    texts = ["\x7f\x9f", '"\\', "</parameter>", ""]
    tool = {"function": {"name": "f", "parameters": {"properties": {"a": {"enum": texts}}}}}
    words = demo_words()
    for text in texts:
        source = words.tools([tool], call_format="xml", tool_choice="required")
        body = call("f", ("a", text)).removeprefix("<tool_call>").removesuffix("</tool_call>")
        opening, closing = words.call_ids
        ids = [opening, *words.tokenizer.encode(body), closing]
        assert refused(words.constraint(source), ids) is None, text


@settings(max_examples=examples(200, fast=10))
@given(calls())
def test_what_the_grammar_allows_is_what_the_parser_reads(drawn: Any) -> None:
    tool, arguments = drawn
    name, schemas = tool["function"]["name"], tool["function"]["parameters"]["properties"].values()
    assume(not any("enum" in schema for schema in schemas))  # its tokens are forced: see above
    words, tokenizer = qwen3_words(), coder_tokenizer()
    written = [
        (key, value if isinstance(value, str) else as_json(value))
        for key, value in arguments.items()
    ]
    body = call(name, *written).removeprefix("<tool_call>").removesuffix("</tool_call>")
    plain = tokenizer._encoder.plain_ids(body)
    opening, closing = words.call_ids
    ids = [opening, *plain, closing]
    source = words.tools([tool], call_format="xml", tool_choice="required")
    if (found := parsed(ids, [tool])) == [composed((name, arguments))]:  # else it is ambiguous
        assert refused(words.constraint(source), ids) is None, (body, found)


def test_a_finished_call_is_checked_against_its_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "when": {"type": "string", "pattern": "day"},
            "count": {"anyOf": [{"type": "integer", "multipleOf": 2}, {"type": "null"}]},
            "list": {"type": "array", "uniqueItems": True},
        },
        "not": {"required": ["count", "list"]},
    }
    check = AnswerCheck(calls={"f": schema}, call_format="xml")

    def fault(*values: tuple[str, str]) -> tuple[str, str] | None:
        text = call("f", *values).removeprefix("<tool_call>").removesuffix("</tool_call>")
        found = check.fault(text, is_call=True)
        return None if found is None else (text[found[0] : found[1]], found[2])

    assert fault(("when", "today\n</parameter>"), ("count", "4")) is None
    assert fault(("when", "to\nmorrow"), ("count", "4")) == (
        "to\nmorrow",
        "properties/when/pattern",
    )
    assert fault(("count", "3")) == ("3", "properties/count/anyOf")
    assert fault(("count", "x")) == ("x", "properties/count/anyOf")
    assert fault(("list", "[1, 1]")) == ("1", "properties/list/uniqueItems")
    found = fault(("count", "2"), ("list", "[]"))
    assert found is not None
    assert found[1] == "not"
