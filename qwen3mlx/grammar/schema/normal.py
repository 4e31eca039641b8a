"""JSON schemas as people write them -> draft 2020-12, with every reference inside the schema.

Parts that have no meaning in any draft are removed and listed: neither a grammar nor a check could
enforce them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...quoting import quoted
from .formats import FORMATS
from .parts import LISTS_OF_SCHEMAS, MAPS_OF_SCHEMAS, SCHEMAS, TYPES, Parts, Schema, children, nodes
from .references import gathered

_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("minContains", "maxContains"),
)


def normal(schema: Schema, lost: Parts) -> Schema:
    """Normalize `schema` in place; meaningless parts are added to `lost`.

    All references in the result are `#/$defs/NAME`, with `$defs` only at the top.
    """
    schema = gathered(schema, lost)
    for node in nodes(schema):
        for change in _CHANGES:
            change(node, lost)
    return schema


# Changes to one schema, in order.


def _wrong_kind(key: str, value: Any) -> bool:
    if key in MAPS_OF_SCHEMAS:
        return not isinstance(value, dict)
    if key in LISTS_OF_SCHEMAS:
        return not (isinstance(value, list) and value)
    if key in SCHEMAS:
        return not isinstance(value, (dict, bool, list) if key == "items" else (dict, bool))
    if key in _COUNTS:
        whole = isinstance(value, (int, float)) and not isinstance(value, bool)
        return not (whole and value >= 0 and value == int(value))
    if key in ("enum", "required"):
        return not isinstance(value, list) or (key == "enum" and not value)
    if key == "dependentRequired":
        lists = value.values() if isinstance(value, dict) else [None]
        return not all(isinstance(each, list) and _are_names(each) for each in lists)
    if key in ("pattern", "format", "$ref"):
        return not isinstance(value, str)
    if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return True
    return key == "multipleOf" and value <= 0


def _are_names(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _drop_wrong_kinds(node: Schema, lost: Parts) -> None:
    for key, value in list(node.items()):
        if _wrong_kind(key, value):
            del node[key]
            if value is not None:
                lost.add(node, key, f"{quoted(value)} is not a valid value")
        elif key in _COUNTS:
            node[key] = int(value)
    for place, holder, key, each in list(children(node)):
        if not isinstance(each, (dict, bool)) and not (place == "items" and type(each) is list):
            holder[key] = {}
            if each is not None:
                lost.add(node, place, f"{quoted(each)} is not a schema")


def _old_bounds(node: Schema, lost: Parts) -> None:
    """Convert draft 4's `exclusiveMinimum: true` beside `minimum`."""
    for bound, exclusive in (
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ):
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and bound in node:
            node[exclusive] = node.pop(bound)


def _old_arrays(node: Schema, lost: Parts) -> None:
    """Convert a list of `items`, which 2020-12 calls prefixItems."""
    if isinstance(node.get("items"), list):
        prefix = node.pop("items")
        if prefix:
            node["prefixItems"] = prefix
        if "additionalItems" in node:
            node["items"] = node["additionalItems"]
    node.pop("additionalItems", None)


def _old_dependencies(node: Schema, lost: Parts) -> None:
    dependencies = node.pop("dependencies", None)
    for name, needed in dependencies.items() if isinstance(dependencies, dict) else ():
        key = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
        if not isinstance(node.get(key), dict):
            node[key] = {}
        node[key][name] = needed


def _types(node: Schema, lost: Parts) -> None:
    given = node.pop("type", None)
    if given is None:
        return
    names = given if isinstance(given, list) else [given]
    known = [_type_name(name) for name in names]
    if "any" in known:
        return
    if None in known or not known:
        lost.add(node, "type", f"{quoted(given)} is not a type; valid types: {', '.join(TYPES)}")
        return
    node["type"] = known if len(known) > 1 else known[0]


def _nullable(node: Schema, lost: Parts) -> None:
    """Convert OpenAPI 3.0's nullable: null becomes one of the types."""
    kind = node.get("type")
    if node.get("nullable") is True and isinstance(kind, str) and kind != "null":
        node["type"] = [kind, "null"]
        if isinstance(node.get("enum"), list) and None not in node["enum"]:
            node["enum"] = [*node["enum"], None]


def _type_name(name: object) -> str | None:
    """Accept type names in capitals, which some generators write."""
    lower = name.lower() if isinstance(name, str) else None
    return lower if lower in (*TYPES, "any") else None


def _required(node: Schema, lost: Parts) -> None:
    names = node.get("required")
    if names is None:
        return
    node["required"] = list(dict.fromkeys(name for name in names if isinstance(name, str)))
    if len(node["required"]) < len(names):
        lost.add(node, "required", f"{quoted(names)} are not all names")
    if not node["required"]:
        del node["required"]


def _pattern(node: Schema, lost: Parts) -> None:
    """Convert Python's and PCRE's whole-string anchors to ECMAScript's."""
    if "pattern" in node:
        node["pattern"] = portable(node["pattern"])
    if "patternProperties" in node:
        by_pattern = node["patternProperties"]
        node["patternProperties"] = {portable(each): by_pattern[each] for each in by_pattern}


def portable(pattern: str) -> str:
    anchors = {r"\A": "^", r"\Z": "$", r"\z": "$"}
    plain = re.sub(r"\\.", lambda m: anchors.get(m[0], m[0]), pattern, flags=re.DOTALL)
    return re.sub(r"\(\?P<(?=\w)", "(?<", plain)


def _format(node: Schema, lost: Parts) -> None:
    pattern = FORMATS.get(node.pop("format", ""))
    if pattern is None:
        return
    if node.get("type") not in (None, "string"):
        string = node["type"]
        if not (isinstance(string, list) and "string" in string):
            return
    if "pattern" not in node:
        node["pattern"] = pattern
    else:
        node.setdefault("allOf", []).append({"pattern": pattern})


def _never(node: Schema, lost: Parts) -> None:
    """Convert `not: {}`, which is zod's never()."""
    for _, holder, key, each in list(children(node)):
        if isinstance(each, dict) and set(each) == {"not"} and each["not"] in ({}, True):
            holder[key] = False


_CHANGES: tuple[Callable[[Schema, Parts], None], ...] = (
    *(_old_bounds, _old_arrays, _old_dependencies, _drop_wrong_kinds),
    *(_types, _nullable, _required, _pattern, _format, _never),
)
