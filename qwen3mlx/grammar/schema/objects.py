"""Objects of a schema: the properties they list, their names, and whether others may follow."""

from __future__ import annotations

from typing import Any

from .numbers import BOUNDS
from .parts import Schema, nodes, target
from .probe import pattern_fault

_SCALAR = {*BOUNDS, "type", "multipleOf", "pattern", "minLength", "maxLength", "title"}
_ALTERNATIVES = ("properties", "anyOf", "oneOf", "$ref")
_OPEN = frozenset(
    (
        *("additionalProperties", "patternProperties", "unevaluatedProperties"),
        *("propertyNames", "minProperties"),
    )
)


def is_combined(node: Schema) -> bool:
    """Return whether several schemas may describe one object, so that none lists all its
    properties.
    """
    combining = "$dynamicRef" in node or not all(map(_is_scalar, node.get("allOf", ())))
    return combining or _may_name_others(node) or sum(key in node for key in _ALTERNATIVES) > 1


def _may_name_others(node: Schema) -> bool:
    """Return whether its conditions are about properties that it does not list."""
    listed = set(node.get("properties", ()))
    conditions = [node[key] for key in ("not", "if", "then", "else") if key in node]
    conditions += node.get("dependentSchemas", {}).values()
    inside = [each for part in conditions if isinstance(part, dict) for each in nodes(part)]
    return any(
        "$ref" in each
        or not listed.issuperset((*each.get("properties", ()), *each.get("required", ())))
        for each in inside
    )


def _is_scalar(node: Any) -> bool:
    """Return whether it does not constrain objects."""
    return isinstance(node, dict) and node.keys() <= _SCALAR


def close(node: Schema) -> None:
    alone = {"additionalProperties", "anyOf", "oneOf", "$ref"}.isdisjoint(node)
    if alone and "unevaluatedProperties" in node:
        node["additionalProperties"] = node.pop("unevaluatedProperties")
    properties = node.get("properties", {})
    listed = "properties" in node and _OPEN.isdisjoint(node)
    if listed and all(name in properties for name in node.get("required", ())):
        node["additionalProperties"] = False


def has_names(node: Schema) -> bool:
    names = bool(node.get("properties") or node.get("required"))
    return names and node.get("additionalProperties", True) is not False


def convert_names(schema: Schema, node: Schema) -> None:
    """Convert simple `propertyNames` into a pattern of an object's keys."""
    names = node.get("propertyNames")
    while isinstance(names, dict) and set(names) == {"$ref"}:
        names = target(schema, names["$ref"])
    if names is True:
        del node["propertyNames"]
    if not isinstance(names, dict) or not {"properties", "patternProperties"}.isdisjoint(node):
        return
    if names.get("type", "string") != "string":
        return
    said = {key: value for key, value in names.items() if key in ("pattern", "enum", "const")}
    said |= {key: value for key, value in names.items() if key in ("minLength", "maxLength")}
    if not set(names) <= {"type", "title", "description", *said}:
        return
    pattern = _name_pattern(said)
    values = names.get("enum", [names["const"]] if "const" in names else None)
    if values is not None and said.keys() <= {"enum", "const"}:
        others = node.get("additionalProperties", True)
        node["properties"] = {name: others for name in values if isinstance(name, str)}
        node["additionalProperties"] = False
        del node["propertyNames"]
    elif pattern is not None and pattern_fault(pattern) is None:
        node["patternProperties"] = {pattern: node.get("additionalProperties", True)}
        node["additionalProperties"] = False
        del node["propertyNames"]


def _name_pattern(said: Schema) -> str | None:
    lengths = {"minLength", "maxLength"}
    if not said:
        return ""
    if set(said) <= lengths:
        return f"^[\\s\\S]{{{said.get('minLength', 0)},{said.get('maxLength', '')}}}$"
    if set(said) == {"pattern"}:
        return str(said["pattern"])
    return None
