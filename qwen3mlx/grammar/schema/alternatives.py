"""Alternatives of a schema: `oneOf` becomes `anyOf`, which a grammar can follow."""

from __future__ import annotations

from typing import Any

from .parts import TYPES, Parts, Schema, target


def convert_one_of(schema: Schema, node: Schema, unheld: Parts) -> None:
    """Convert oneOf: anyOf is equivalent if no value fits two of its schemas."""
    options = node.pop("oneOf", None)
    if options is None:
        return
    pairs = [(a, b) for i, a in enumerate(options) for b in options[i + 1 :]]
    if not all(_disjoint(schema, a, b) for a, b in pairs):
        unheld.add(node, "oneOf", "a value may match several of its schemas")
    if "anyOf" in node:
        node.setdefault("allOf", []).append({"anyOf": options})
    else:
        node["anyOf"] = options


def _disjoint(schema: Schema, one: Any, other: Any) -> bool:
    one, other = _resolved(schema, one), _resolved(schema, other)
    if one is False or other is False:
        return True
    if one is True or other is True:
        return False
    kinds = _kinds(one) & _kinds(other)
    if not kinds:
        return True
    if kinds == {"object"}:
        names = {*one.get("required", ()), *other.get("required", ())}
        both = (
            (each.get("properties", {}).get(name, {}) for each in (one, other)) for name in names
        )
        return any(_other_values(*(_resolved(schema, each) for each in pair)) for pair in both)
    return _other_values(one, other)


def _resolved(schema: Schema, node: Any) -> Any:
    for _ in range(20):
        if not isinstance(node, dict) or "$ref" not in node:
            break
        node = target(schema, node["$ref"])
    return node


def _other_values(one: Any, other: Any) -> bool:
    values, more = _values(one), _values(other)
    return values is not None and more is not None and all(value not in more for value in values)


def _values(node: Any) -> list[Any] | None:
    if not isinstance(node, dict):
        return [] if node is False else None
    return [node["const"]] if "const" in node else node.get("enum")


def _kinds(node: Schema) -> set[str]:
    """Return the types of the values that may match; integers are numbers."""
    values = _values(node)
    if values is not None:
        return {_kind(value) for value in values}
    given = node.get("type", TYPES)
    kinds = {given} if isinstance(given, str) else set(given)
    return {"number" if kind == "integer" else kind for kind in kinds}


def _kind(value: object) -> str:
    by_type = {bool: "boolean", str: "string", dict: "object", list: "array", type(None): "null"}
    return by_type.get(type(value), "number")
