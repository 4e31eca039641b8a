"""A tool's schema as a form, and what people write there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qwen3mlx_app.services.mcp_entry import EntryError, entry
from qwen3mlx_app.services.schema_form import (
    MOST_FIELDS,
    Field,
    WrongArgumentError,
    arguments,
    fields,
    shown,
)

SCHEMA = {
    "properties": {
        "text": {"type": "string", "description": "What to say.", "default": "hi"},
        "count": {"type": "integer"},
        "mode": {"enum": ["a", 2, None]},
        "loud": {"type": "boolean"},
        "tags": {"type": "array"},
        "any": True,
    },
    "required": ["count"],
}


def test_each_argument_has_a_field_the_required_ones_first() -> None:
    found = {field.name: field for field in fields(SCHEMA)}
    assert list(found) == ["count", "text", "mode", "loud", "tags", "any"]
    kinds = [field.kind for field in found.values()]
    assert kinds == ["number", "text", "choice", "flag", "json", "json"]
    assert found["mode"].choices == ('"a"', "2", "null")
    assert (found["text"].description, found["text"].example) == ("What to say.", "hi")


def test_what_is_written_becomes_the_arguments() -> None:
    texts = {"count": "3", "mode": "null", "loud": "true", "tags": '["x"]', "text": " y "}
    read = arguments([(field, texts.get(field.name, "")) for field in fields(SCHEMA)])
    assert read == {"count": 3, "mode": None, "loud": True, "tags": ["x"], "text": " y "}


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("number", "", "x is required."),
        ("number", "three", "x must be a number."),
        ("number", "true", "x must be a number."),
        ("json", "{", "x must be JSON, such as [1, 2]."),
        ("json", "[" * 100_000, "x must be JSON, such as [1, 2]."),
    ],
)
def test_what_cannot_be_is_told_by_name(kind: Any, text: str, told: str) -> None:
    with pytest.raises(WrongArgumentError, match=told.replace("[", r"\[").replace(".", r"\.")):
        arguments([(Field(name="x", kind=kind, is_required=True), text)])


def test_a_required_text_may_be_empty() -> None:
    assert arguments([(Field(name="x", kind="text", is_required=True), "")]) == {"x": ""}


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "text"),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, "number"),
        ({"type": ["boolean", "null"]}, "flag"),
        ({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}, "choice"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "json"),
        ({"type": ["string", "integer"]}, "json"),
        ({"anyOf": ["string", {"type": "null"}]}, "json"),
    ],
)
def test_what_may_be_null_has_the_field_of_what_else_it_may_be(about: Any, kind: str) -> None:
    (field,) = fields({"properties": {"x": {**about, "description": "Why."}}})
    assert (field.kind, field.description) == (kind, "Why.")
    assert arguments([(field, "")]) == {}


def test_a_choice_is_shown_without_what_json_puts_around_it() -> None:
    assert [shown(choice) for choice in ('"a"', '"中"', '""', "2", "null")] == [
        "a",
        "中",
        '""',
        "2",
        "null",
    ]


def test_arguments_that_are_too_many_are_one_field() -> None:
    many = {str(n): {} for n in range(MOST_FIELDS + 1)}
    (field,) = fields({"properties": many})
    assert (field.name, field.kind) == ("", "json")
    assert arguments([(field, '{"a": 1}')]) == {"a": 1}
    with pytest.raises(WrongArgumentError, match="Arguments must be a JSON object"):
        arguments([(field, "[]")])
    assert [one.name for one in fields({"properties": {}, "required": ["hidden"]})] == [""]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["properties", "required", "enum", "type", "default", "description"])


@settings(max_examples=50)
@given(st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES)))
def test_any_schema_has_a_form(schema: dict[str, Any]) -> None:
    for field in fields(schema):
        with suppress(WrongArgumentError):
            assert isinstance(arguments([(field, field.example)]), dict)


@pytest.mark.parametrize(
    ("place", "variables", "made"),
    [
        (" uvx 'a b' -c ", "", {"command": "uvx", "args": ["a b", "-c"]}),
        (
            "uvx x",
            "A = b=c \n\nD=",
            {"command": "uvx", "args": ["x"], "env": {"A": "b=c", "D": ""}},
        ),
        ("HTTPS://x/mcp", "", {"url": "HTTPS://x/mcp"}),
        ("http://x/mcp", "K=v", {"url": "http://x/mcp", "headers": {"K": "v"}}),
    ],
)
def test_a_line_becomes_an_entry(place: str, variables: str, made: dict[str, Any]) -> None:
    assert entry(place, variables) == made


@pytest.mark.parametrize(
    ("place", "variables", "told"),
    [
        ("", "", "Enter a command"),
        ("uvx 'a", "", "is not closed"),
        ("uvx", "TOKEN", "TOKEN must be a name"),
        ("uvx", "=x", "=x must be a name"),
    ],
)
def test_a_line_that_is_wrong_is_told(place: str, variables: str, told: str) -> None:
    with pytest.raises(EntryError, match=told):
        entry(place, variables)
