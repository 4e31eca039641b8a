"""Calls as Qwen3-Coder writes them: from the chat template to parsed calls and back."""

from __future__ import annotations

import json
import unicodedata
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen3mlx.text import AnswerStream, ToolCallDelta
from qwen3mlx.text.deltas import merge
from qwen3mlx.text.reasoning import ASSISTANT
from qwen3mlx.text.tool_calls import ToolCallParser
from tests.support.coder import coder_tokenizer
from tests.support.examples import examples

from .support import run_scanned

# Schemas at random, with values that fit them.

_TAGS = (
    *("</parameter>", "\n</parameter>\n", "<parameter=a>", "\n</parameter>", "</function>", "\n"),
    *("<tool_call>", "</tool_call>", "</parameter>\n</function>\n</tool_call>", "<|im_end|>"),
    *("\n</parameter>\n</function>\n", "<function=f>\n", '{"a": 1}', "[1]", '"', "\\", "5", "true"),
)
texts = st.lists(
    st.sampled_from(_TAGS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    max_size=5,
).map("".join)
names = st.text(
    st.characters(categories=["L", "N"], max_codepoint=0x2FFF), min_size=1, max_size=6
).filter(
    lambda name: unicodedata.is_normalized("NFC", name)  # Qwen's tokenizer composes letters
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
_no_words = texts.filter(lambda text: text.strip().lower() not in ("null", "none"))
_of_type: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "integer": st.integers(),
    "number": numbers,
    "boolean": st.booleans(),
    "null": st.none(),
    "array": st.lists(values, max_size=3),
    "object": st.dictionaries(texts, values, max_size=3),
}


@st.composite
def parameters(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Return a parameter's schema and a value."""
    kind = draw(st.sampled_from(sorted(_of_type)))
    value = draw(_of_type[kind])
    schema: dict[str, Any] = {"type": kind}
    form = draw(st.sampled_from(["plain", "optional", "nullable", "reference", "enum", "list"]))
    if form in ("optional", "nullable"):
        value = draw(st.none() | (_no_words if kind == "string" else st.just(value)))
        types = [schema, {"type": "null"}]
        schema = {"anyOf": types} if form == "optional" else {"type": [kind, "null"]}
    elif form == "reference":
        schema = {"$ref": f"#/$defs/{kind}"}
    elif form == "enum" and kind in ("string", "integer", "boolean"):
        schema = {"enum": [value]}
    elif form == "list":
        value, schema = [value], {"type": "array", "items": schema}
    return schema, value


@st.composite
def calls(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a tool and arguments for it."""
    drawn = draw(st.dictionaries(names, parameters(), max_size=4))
    schema = {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in drawn.items()},
        "$defs": {kind: {"type": kind} for kind in _of_type},
    }
    tool = {"type": "function", "function": {"name": draw(names), "parameters": schema}}
    return tool, {name: value for name, (_, value) in drawn.items()}


def is_ambiguous(arguments: dict[str, Any]) -> bool:
    """Whether a text holds a closing tag and then the tag of a parameter that comes later."""
    return any(
        f"</parameter>\n<parameter={name}>" in str(value).replace("\\n", "\n")
        for value in arguments.values()
        for name in arguments
    )


@pytest.mark.timeout(1200)
@settings(max_examples=examples(2000, fast=60))
@given(
    calls=st.lists(calls().filter(lambda call: not is_ambiguous(call[1])), min_size=1, max_size=2),
    rng=st.randoms(use_true_random=True),
)
def test_calls_come_back_from_the_template(calls: Any, rng: Random) -> None:
    """Streamed as the tokenizer cuts it, and in random pieces."""
    calls = list({tool["function"]["name"]: (tool, given) for tool, given in calls}.values())
    tools = [tool for tool, _ in calls]
    made = [{"function": {**tool["function"], "arguments": given}} for tool, given in calls]
    said = {"role": "assistant", "content": "", "tool_calls": made}
    ids = written([said], tools)
    right = [composed((tool["function"]["name"], given)) for tool, given in calls]
    assert parsed(ids, tools) == right
    assert parsed(in_pieces(ids, rng), tools) == right


def composed(call: tuple[str, Any]) -> tuple[str, Any]:
    """As Qwen's tokenizer does (NFC)."""
    name, arguments = json.loads(unicodedata.normalize("NFC", json.dumps(call, ensure_ascii=False)))
    return name, arguments


def written(messages: list[dict[str, Any]], tools: Any) -> list[int]:
    """The tokens of the last message as the template writes it, which a model learns from."""
    tokenizer = coder_tokenizer()
    chat = [{"role": "user", "content": "Hi"}, *messages]
    ids = tokenizer.encode_chat(tokenizer.chat_prompt(chat, tools, add_generation_prompt=False))
    start = tokenizer.encode("<|im_start|>")[0]
    ids = ids[len(ids) - ids[::-1].index(start) :]
    return ids[1 : len(ids) - ids[::-1].index(tokenizer.encode("<|im_end|>")[0]) - 1]


def in_pieces(ids: list[int], rng: Random) -> list[int]:
    """The same bytes in other tokens, which a model may write, too: half of them cut at random."""
    tokenizer = coder_tokenizer()
    pieces = []
    for token_id in ids:
        if token_id in tokenizer.call_ids or rng.random() < 0.5:
            pieces.append(token_id)
            continue
        rest = tokenizer._backend.id_to_token(token_id) or ""
        while rest:
            end = rng.randint(1, len(rest))
            while (found := tokenizer.token_id(rest[:end])) is None:
                end -= 1
            pieces.append(found)
            rest = rest[end:]
    assert tokenizer.decode(pieces) == tokenizer.decode(ids)
    return pieces


def parsed(ids: list[int], tools: Any) -> list[tuple[str, Any]]:
    stream = AnswerStream(coder_tokenizer(), tools=tools)
    deltas = [delta for token_id in ids for delta in stream.add(token_id)] + stream.finish()
    found: list[list[str]] = []
    for delta in deltas:
        if not isinstance(delta, ToolCallDelta):
            assert delta.text.strip() == "", delta
        elif delta.id:
            found.append([delta.name or "", delta.arguments])
        else:
            found[-1][1] += delta.arguments
    assert stream.num_tool_calls == len(found)
    return [(name, json.loads(arguments)) for name, arguments in found]


# What models write beside the template's form. Each piece is a letter, a marker, or all.

TOOLS = [
    {"function": {"name": "f", "parameters": {"properties": schema}}}
    for schema in [
        {
            "a": {"type": "string"},
            "z": {"type": "string"},
            "n": {"type": "integer"},
            "x": {"type": "number"},
            "b": {"type": "boolean"},
            "o": {"type": "object"},
            "l": {"type": ["array", "string"]},
        }
    ]
]


def parse(text: str, tools: Any = TOOLS, **options: Any) -> list[Any]:
    """The merged deltas of an answer, calls as (name, arguments); the same in any pieces."""
    results = []
    for parts in (list(text), [text]):
        parser = ToolCallParser("xml", tools)
        deltas: list[Any] = run_scanned(parser.feed, partial(parser.finish, **options), parts)
        found = [
            (each.name, each.arguments) if isinstance(each, ToolCallDelta) else each.text
            for each in merge(deltas)
        ]
        results.append((found, parser.num_calls))
    assert results[0] == results[1]
    found, count = results[0]
    assert count == sum(isinstance(each, tuple) and each[1].endswith("}") for each in found)
    return found


def call(*values: tuple[str, str], name: str = "f") -> str:
    tags = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values)
    return f"<tool_call>\n<function={name}>\n{tags}</function>\n</tool_call>"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("n", "5", "5"),
        ("n", "five", '"five"'),
        ("n", "5.5", '"5.5"'),
        ("n", "null", "null"),
        ("n", "1" * 5000, "1" * 5000),
        ("x", "1.50", "1.50"),
        ("x", "NaN", '"NaN"'),
        ("b", "True", "true"),
        ("b", " false ", "false"),
        ("b", "yes", '"yes"'),
        ("o", '{"a": [1, {}]}', '{"a": [1, {}]}'),
        ("o", "{'a': 1}", "\"{'a': 1}\""),
        ("o", "", '""'),
        ("l", '["a"]', '["a"]'),
        ("l", "a, b", '"a, b"'),
        ("a", "5", '"5"'),
        ("a", "null", '"null"'),
        ("a", "", '""'),
        ("a", "\n\n x \n", '"\\n\\n x \\n"'),
        ("a", 'say "é"\\', '"say \\"é\\"\\\\"'),
        ("a", "</parameter>", '"</parameter>"'),
        ("a", "x\n</parameter>", '"x\\n</parameter>"'),
        ("a", "x\n</parameter>\n</function>\ny", '"x\\n</parameter>\\n</function>\\ny"'),
        ("a", "x\n</parameter>\n<parameter=q>\ny", '"x\\n</parameter>\\n<parameter=q>\\ny"'),
        ("a", "<parameter=a>\n<function=f>", '"<parameter=a>\\n<function=f>"'),
        ("a", "<tool_call>\nx\n</tool_call>", '"<tool_call>\\nx\\n</tool_call>"'),
        ("unknown", "5", '"5"'),
        ("unknown", "[5]", "[5]"),
    ],
)
def test_a_value_has_the_type_of_its_schema(key: str, text: str, value: str) -> None:
    assert parse(call((key, text))) == [("f", f'{{"{key}": {value}}}')]
    assert parse(call((key, text), ("z", "y"))) == [("f", f'{{"{key}": {value}, "z": "y"}}')]


def test_calls_and_text_around_them() -> None:
    text = f"Well.\n{call()}\n{call(('a', 'x'))}"
    assert parse(text) == ["Well.", ("f", "{}"), ("f", '{"a": "x"}')]


def test_a_text_arrives_as_it_is_written() -> None:
    parser = ToolCallParser("xml", TOOLS)
    begun = run_scanned(parser.feed, list, [call(("a", "x"))[: -len("\n</parameter>\n</f")]])
    assert [delta.arguments for delta in begun if isinstance(delta, ToolCallDelta)] == ['{"a": "x']


BODY = "<function=f>\n<parameter=a>\nx\n</parameter>\n</function>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{BODY}\n</tool_call>", [("f", '{"a": "x"}')]),
        (BODY, [("f", '{"a": "x"}')]),
        (f"Look.\n\n{BODY}\n</tool_call>", ["Look.\n", ("f", '{"a": "x"}')]),
        (f"{BODY}\n{BODY}", [("f", '{"a": "x"}'), ("f", '{"a": "x"}')]),
        (f"{BODY}\nDone.", [("f", '{"a": "x"}'), "\nDone."]),
        ("<function=f>\n</function>", [("f", "{}")]),
        # Closing tags are missing, as after long contexts.
        ("<function=f>\n<parameter=a>\nx\n</function>\n</tool_call>", [("f", '{"a": "x"}')]),
        (
            "<function=f>\n<parameter=a>\nx\n<parameter=n>\n5\n</parameter>\n</function>",
            [("f", '{"a": "x", "n": 5}')],
        ),
        ("<function=f><parameter=a>x</parameter></function>", [("f", '{"a": "x"}')]),
    ],
)
def test_the_opening_marker_may_be_missing(text: str, found: list[Any]) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        f"It writes {BODY}",
        BODY.replace("=f", "=g"),
        "<function=f>\nand so on",
        "<function=f",
        "<function=f>",
        "<tool_call>\nfree text",
        "<tool_call>\n<function=>\n</function>",
        "a\n\n<func",
    ],
)
def test_what_is_no_call_is_content(text: str) -> None:
    assert parse(text) == [text]


def test_a_call_that_a_limit_cuts_is_returned_as_far_as_it_is_known() -> None:
    begun = call(("a", "x"), ("n", "5"))
    assert parse(begun[: begun.index("<parameter")], cut_off=True) == [("f", "")]
    assert parse(begun[: begun.index("x\n") + 2], cut_off=True) == [("f", '{"a": "x')]
    assert parse(begun.removesuffix("\n</tool_call>")) == [("f", '{"a": "x", "n": 5}')]


def test_many_blanks_after_a_tag_take_no_time() -> None:
    parser = ToolCallParser("xml", TOOLS)
    begun = call(("a", "x"))[: -len("\n</function>\n</tool_call>")]
    for piece in [begun, *["\n"] * 20_000]:
        run_scanned(parser.feed, list, [piece])
    assert len(parser._envelope._held) < 100  # type: ignore[union-attr]


def test_the_template_decides() -> None:
    assert ASSISTANT in coder_tokenizer().apply_chat_template([{"role": "user", "content": "Hi"}])
    assert coder_tokenizer().call_format == "xml"
