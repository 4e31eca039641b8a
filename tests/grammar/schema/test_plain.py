from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from qwen3mlx.errors import InvalidRequestError
from qwen3mlx.grammar.schema.plain import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LEVELS,
    MAX_PROPERTIES,
    plain_schema,
)
from qwen3mlx.grammar.schema.probe import grammar_fault

POINT = {"type": "object", "properties": {"x": {"type": "number"}}}


def plain(schema: Any) -> dict[str, Any]:
    return plain_schema(schema, param="p").grammar


def is_closed(schema: dict[str, Any]) -> bool:
    return schema.get("additionalProperties") is False


def test_the_callers_schema_stays_as_it_is() -> None:
    schema = {**POINT, "format": "path"}
    before = copy.deepcopy(schema)
    plain(schema)
    assert schema == before


@pytest.mark.parametrize("schema", [None, True, 5, "object", [POINT]])
def test_what_is_no_object_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidRequestError, match="p must be a JSON schema") as refusal:
        plain(schema)
    assert refusal.value.param == "p"


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth - 1):
        schema = {"items": schema}
    return schema


def objects(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{i}": {} for i in range(count)}}


def chain(length: int, where: str = "$defs") -> dict[str, Any]:
    """Each schema refers to the next."""
    links: dict[str, Any] = {
        f"a{i}": {"allOf": [{"$ref": f"#/{where}/a{i + 1}"}]} for i in range(length)
    }
    return {where: {**links, f"a{length}": {}}, "$ref": f"#/{where}/a0"}


@pytest.mark.parametrize(
    ("fits", "too_much", "said"),
    [
        (nested(MAX_DEPTH), nested(MAX_DEPTH + 1), "nested"),
        (nested(MAX_DEPTH), nested(50_000), "nested"),
        ({"title": "x" * (MAX_BYTES - 20)}, {"title": "x" * MAX_BYTES}, "bytes"),
        (objects(MAX_PROPERTIES), objects(MAX_PROPERTIES + 1), "properties"),
        (
            {"required": ["a"] * MAX_PROPERTIES},
            {"required": ["a"] * (MAX_PROPERTIES + 1)},
            "required",
        ),
        (chain(MAX_LEVELS // 5), chain(MAX_LEVELS // 3), "levels together"),
        (chain(MAX_LEVELS // 5, "x"), chain(MAX_LEVELS // 3, "x"), "levels together"),
        (
            {"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}},
            {"anyOf": [{"$ref": f"#a{i}"} for i in range(MAX_LEVELS // 2)]},
            "levels together",
        ),
        ({"default": 0.5}, {"default": float("nan")}, "not valid JSON"),
        ({"default": 0.5}, {"default": object()}, "not valid JSON"),
    ],
)
def test_there_is_a_limit(fits: Any, too_much: Any, said: str) -> None:
    plain(fits)
    with pytest.raises(InvalidRequestError, match=r"^p ") as refusal:
        plain(too_much)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    assert is_closed(plain(tree)["$defs"]["root"])


def test_what_is_referred_to_is_changed_too_wherever_it_is() -> None:
    schema = plain({"$ref": "#/components/a", "components": {"a": {"format": "path"}}})
    assert schema["$ref"] == "#/$defs/a"
    assert schema["$defs"] == {"a": {}}


def test_ids_give_references_no_other_meaning() -> None:
    assert plain({"$id": "http://x/y", "items": {"$id": "z"}}) == {"items": {}}


def test_formats_that_nothing_enforces_are_remarks() -> None:
    schema = {"type": "object", "properties": {"format": {"type": "string", "format": "path"}}}
    assert plain(schema)["properties"] == {"format": {"type": "string"}}
    assert "pattern" in plain({"format": "uuid"})
    assert plain({"enum": [{"format": "path"}]}) == {"enum": [{"format": "path"}]}


def test_objects_that_list_their_properties_hold_no_others() -> None:
    schema = plain(
        {
            "$defs": {"point": POINT},
            "type": "object",
            "properties": {
                "at": {"$ref": "#/$defs/point"},
                "maybe": {"anyOf": [POINT, {"type": "null"}]},
                "many": {"type": "array", "items": POINT},
                "map": {"type": "object"},
            },
            "required": ["at"],
        }
    )
    properties = schema["properties"]
    assert is_closed(schema)
    assert is_closed(schema["$defs"]["point"])
    assert is_closed(properties["maybe"]["anyOf"][0])
    assert is_closed(properties["many"]["items"])
    assert "additionalProperties" not in properties["map"]


@pytest.mark.parametrize(
    "more",
    [
        {"additionalProperties": {"type": "string"}},
        {"additionalProperties": True},
        {"patternProperties": {"^x-": {}}},
        {"minProperties": 2},
        {"required": ["y"]},
        {"allOf": [{"properties": {"y": {}}}]},
        {"anyOf": [{"properties": {"y": {}}}, {"required": ["z"]}]},
        {"$ref": "#/$defs/other", "$defs": {"other": {}}},
        {"if": {}, "then": {"properties": {"y": {}}}},
    ],
)
def test_but_those_that_others_may_be_in_stay_open(more: dict[str, Any]) -> None:
    schema = plain({**POINT, **more})
    assert not is_closed(schema) or "patternProperties" in schema


def test_a_schema_combined_with_another_stays_open_where_it_is_defined() -> None:
    combined = {"$defs": {"a": POINT, "b": POINT}, "allOf": [{"$ref": "#/$defs/a"}]}
    assert not is_closed(plain(combined)["$defs"]["a"])


KEYWORDS = [
    *("type", "properties", "required", "items", "prefixItems", "additionalProperties"),
    *("patternProperties", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "multipleOf"),
    *(
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "$ref",
        "$defs",
    ),
    *("definitions", "dependentRequired", "dependentSchemas", "dependencies", "propertyNames"),
    *(
        "minProperties",
        "uniqueItems",
        "contains",
        "unevaluatedProperties",
        "$id",
        "$anchor",
        "$schema",
    ),
    *("nullable", "additionalItems", "$dynamicRef", "x-guidance"),
]
SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 2**64, 1.5, 1e308, -0.0, 10**400, "", "a", "string", "object", "#"),
    *("#/$defs/a", "#/properties/a", "#a", "http://x", "(", "^(?!a)b", "\ud800", "\\", ["a"], [1]),
]


def any_value(rng: random.Random, depth: int) -> Any:
    kind = rng.random()
    if kind < 0.35 and depth:
        return any_schema(rng, depth - 1)
    if kind < 0.45 and depth:
        return [any_schema(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind < 0.55 and depth:
        return {rng.choice("abc"): any_value(rng, depth - 1) for _ in range(rng.randint(0, 3))}
    return rng.choice(SCALARS)


def any_schema(rng: random.Random, depth: int) -> dict[str, Any]:
    return {rng.choice(KEYWORDS): any_value(rng, depth) for _ in range(rng.randint(0, 5))}


def test_whatever_stands_in_a_schema_it_is_followed_and_what_is_not_has_a_place() -> None:
    for seed in range(300):
        schema = any_schema(random.Random(seed), 4)
        try:
            made = plain_schema({"properties": {"a": schema}}, param="p")
        except InvalidRequestError:
            continue
        for part in (*made.lost, *made.unheld, *made.impossible):
            assert part
        assert grammar_fault(made.grammar) is None
