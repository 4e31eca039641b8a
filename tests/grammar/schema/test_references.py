"""References by $id, anchor and pointer: a grammar enforces their targets."""

from __future__ import annotations

from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.source import json_grammar

from ...support.schemas import admits, byte_matcher

INTEGER = {"type": "integer"}
ROOT = "https://example.com/root"

# Each asks for {"a": an integer}, in its own way.
WAYS: dict[str, dict[str, Any]] = {
    "its absolute $id": {
        "$id": ROOT,
        "a": "https://example.com/number",
        "$defs": {"n": {"$id": "https://example.com/number", **INTEGER}},
    },
    "its relative $id": {
        "$id": ROOT,
        "a": "number",
        "$defs": {"n": {"$id": "number", **INTEGER}},
    },
    "a $id without that of the schema": {
        "a": "number",
        "$defs": {"n": {"$id": "number", **INTEGER}},
    },
    "a URN": {"a": "urn:x:n", "$defs": {"n": {"$id": "urn:x:n", **INTEGER}}},
    "draft 4's id": {
        "id": ROOT,
        "a": "number",
        "definitions": {"n": {"id": "number", **INTEGER}},
    },
    "draft 4's id as an anchor": {"a": "#n", "definitions": {"n": {"id": "#n", **INTEGER}}},
    "the schema's own $id and a pointer": {
        "$id": ROOT,
        "a": f"{ROOT}#/$defs/n",
        "$defs": {"n": INTEGER},
    },
    "an $anchor": {"a": "#n", "$defs": {"x": {"$anchor": "n", **INTEGER}}},
    "an $anchor of another part": {
        "$id": ROOT,
        "a": "part#n",
        "$defs": {"p": {"$id": "part", "$defs": {"x": {"$anchor": "n", **INTEGER}}}},
    },
    "a pointer into a part": {
        "$id": ROOT,
        "a": "part#/$defs/x",
        "$defs": {"p": {"$id": "part", "$defs": {"x": INTEGER}}},
    },
    "a reference from part to part": {
        "$id": ROOT,
        "a": "folder/one",
        "$defs": {
            "one": {"$id": "folder/one", "$ref": "two"},
            "two": {"$id": "folder/two", **INTEGER},
        },
    },
    "a pointer from the top, inside a part": {
        "$id": ROOT,
        "a": "part",
        "$defs": {"p": {"$id": "part", "$ref": "#/$defs/n"}, "n": INTEGER},
    },
    "a $dynamicAnchor": {"a": "#n", "$defs": {"x": {"$dynamicAnchor": "n", **INTEGER}}},
    "a place that no keyword leads to": {
        "a": "#/components/schemas/n~1m",
        "components": {"schemas": {"n/m": {"$ref": "#/components/schemas/k"}, "k": INTEGER}},
    },
    "a percent sign": {"a": "#/$defs/n%25", "$defs": {"n%": INTEGER}},
    "a list that later drafts call prefixItems": {
        "a": "#/$defs/list/items/0",
        "$defs": {"list": {"items": [INTEGER]}},
    },
}


def asking(way: dict[str, Any], keyword: str = "$ref") -> dict[str, Any]:
    schema = {key: value for key, value in way.items() if key != "a"}
    properties = {"a": {keyword: way["a"]}}
    return {"type": "object", "properties": properties, "required": ["a"], **schema}


def admitted(schema: dict[str, Any], *texts: str, strict: bool = True) -> list[str]:
    source = json_grammar(schema, strict=strict)
    matcher = byte_matcher(source.lark)
    assert source.answer is None, "the grammar alone is to hold it"
    return [text for text in texts if admits(matcher, text)]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_reference_is_followed(way: Any) -> None:
    assert admitted(asking(way), '{"a": 12}', '{"a": "x"}', '{"a": null}') == ['{"a": 12}']


@pytest.mark.parametrize("keyword", ["$dynamicRef", "$recursiveRef"])
def test_a_dynamic_reference_with_one_place_to_go_is_followed(keyword: str) -> None:
    way = {"a": "#n", "$defs": {"x": {"$dynamicAnchor": "n", **INTEGER}}}
    assert admitted(asking(way, keyword), '{"a": 12}', '{"a": "x"}') == ['{"a": 12}']


def test_a_dynamic_reference_with_several_places_to_go_is_said_not_to_be_enforced() -> None:
    part = {"$id": "part", "$dynamicAnchor": "n", "type": "string"}
    way = {"a": "#n", "$defs": {"x": {"$dynamicAnchor": "n", **INTEGER}, "p": part}}
    with pytest.raises(InvalidRequestError, match=r"properties/a/\$dynamicRef"):
        json_grammar(asking(way, "$dynamicRef"), strict=True)
    assert any("$dynamicRef" in said for said in json_grammar(asking(way, "$dynamicRef")).warnings)


def test_a_schema_refers_to_itself() -> None:
    tree = {
        "$id": ROOT,
        "type": "object",
        "properties": {"next": {"$ref": "root"}, "n": INTEGER},
        "required": ["n"],
    }
    good = '{"next": {"next": {"n": 1}, "n": 2}, "n": 3}'
    assert admitted(tree, good, good.replace("1", '"x"')) == [good]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "https://example.com/a.json"}, "inside the schema"),
        ({"$ref": "other#/$defs/n"}, "inside the schema"),
        ({"$ref": "http://["}, "inside the schema"),
        ({"$ref": "#/$defs/n"}, "not part of the schema"),
        ({"$ref": "#n"}, "not part of the schema"),
        ({"$ref": "#/%zz"}, "not part of the schema"),
        ({"$ref": "#a", "$defs": {"a": {"$anchor": "a", "$ref": "#a"}}}, "back to itself"),
        (
            {
                "$ref": "a",
                "$defs": {"a": {"$id": "a", "$ref": "b"}, "b": {"$id": "b", "$ref": "a"}},
            },
            "back to itself",
        ),
    ],
)
def test_what_leads_nowhere_is_refused_or_said(schema: Any, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        json_grammar(schema, strict=True)
    assert json_grammar(schema).warnings
