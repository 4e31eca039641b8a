"""Normal schemas -> schemas that llguidance compiles correctly.

A grammar may accept more than the schema does, but never silently: `Parts` lists each part that it
does not enforce, for a check of the finished value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from .keys import close_names
from .numbers import (
    BOUNDS,
    MAX_EXACT,
    MAX_WHOLE,
    far_numbers,
    few_multiples,
    is_multiple,
    is_number,
    is_written_exactly,
    multiples,
    real_bounds,
    whole_bounds,
)
from .parts import TYPES, Parts, Schema, inner, nodes, target
from .probe import pattern_fault, without_assertions
from .repair import repaired

# The cost of a grammar is proportional to it.
MAX_MULTIPLE = 10_000

_UNHELD = (
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "propertyNames"),
    *("contains", "minContains", "maxContains", "uniqueItems", "$dynamicRef", "$recursiveRef"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
_SCALAR = {*BOUNDS, "type", "multipleOf", "pattern", "minLength", "maxLength", "title"}
_ALTERNATIVES = ("properties", "anyOf", "oneOf", "$ref")
_OPEN = frozenset(
    (
        *("additionalProperties", "patternProperties", "unevaluatedProperties"),
        *("propertyNames", "minProperties"),
    )
)


def rewrite(schema: Schema, unheld: Parts) -> Schema:
    """Change `schema` in place.

    Objects that list their properties are closed if every answer stays valid: a model that may
    invent keys does not stop.
    """
    every = nodes(schema)
    combined = any(map(_is_combined, every))
    if not combined:
        for node in every:
            _close(node)
    merged = combined or any(map(_merges, every))
    alone = not any(map(_mixes, every))
    _multiples(every)
    for node in every:
        _names(schema, node)
        _one_of(schema, node, unheld)
        _take_out(node, unheld)
        _literals(node, unheld, alone=alone)
        _numbers(node, unheld, merged=merged)
    for node in every:
        if _has_names(node) and (combined or not close_names(node)):
            unheld.add(node, "properties", "a name could be spelt with escapes", loose=True)
    return repaired(schema, unheld)


# Objects


def _is_combined(node: Schema) -> bool:
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
    """Return whether it says nothing about objects."""
    return isinstance(node, dict) and node.keys() <= _SCALAR


def _close(node: Schema) -> None:
    alone = {"additionalProperties", "anyOf", "oneOf", "$ref"}.isdisjoint(node)
    if alone and "unevaluatedProperties" in node:
        node["additionalProperties"] = node.pop("unevaluatedProperties")
    properties = node.get("properties", {})
    listed = "properties" in node and _OPEN.isdisjoint(node)
    if listed and all(name in properties for name in node.get("required", ())):
        node["additionalProperties"] = False


def _has_names(node: Schema) -> bool:
    names = bool(node.get("properties") or node.get("required"))
    return names and node.get("additionalProperties", True) is not False


def _names(schema: Schema, node: Schema) -> None:
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


# Alternatives


def _one_of(schema: Schema, node: Schema, unheld: Parts) -> None:
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


# Keywords of one schema


def _take_out(node: Schema, unheld: Parts) -> None:
    for key in _UNHELD:
        if key in node and not _says_nothing(node, key):
            unheld.add(node, key, "no grammar can enforce it")
    for key in _UNHELD:
        node.pop(key, None)
    if "pattern" in node and (fault := pattern_fault(node["pattern"])) is not None:
        unheld.add(node, "pattern", fault)
        node["pattern"] = without_assertions(node["pattern"])
        if pattern_fault(node["pattern"]) is not None:
            del node["pattern"]
    _counts(node, unheld)


def _counts(node: Schema, unheld: Parts) -> None:
    """Count properties: the library counts those that are required, or not listed."""
    least, most = node.get("minProperties", 0), node.get("maxProperties")
    required = node.get("required", ())
    optional = [name for name in node.get("properties", {}) if name not in required]
    one = least - len(required) <= 1 and (most is None or most - len(required) == 1)
    closed = node.get("additionalProperties") is False and "patternProperties" not in node
    if optional and not (one and closed):
        for key in ("minProperties", "maxProperties"):
            if node.pop(key, 0):
                unheld.add(node, key, "no grammar can enforce it beside optional properties")
    elif least > 1:
        unheld.add(node, "minProperties", "a repeated name counts twice", loose=True)


def _says_nothing(node: Schema, key: str) -> bool:
    if key in ("then", "else"):
        return True  # enforced by `if`
    if key == "if":
        return {"then", "else"}.isdisjoint(node)
    if key in ("minContains", "maxContains"):
        return "contains" not in node
    if key in ("uniqueItems", "not"):
        return node[key] is False
    return node[key] is True and key != "contains"


def _literals(node: Schema, unheld: Parts, *, alone: bool) -> None:
    """Record that a grammar may confuse integers beyond 2**53 with their neighbours.

    With `alone`, integers beyond 64 bits are not combined with other schemas either.
    """
    for key in ("const", "enum"):
        if key not in node:
            continue
        given = node.pop(key) if key == "enum" else [node.pop(key)]
        if alone:
            given = _far_literals(node, given)
        exact = [value for value in given if _is_exact(value, alone=alone)]
        if len(exact) == len(given):
            node[key] = exact if key == "enum" else exact[0]
            continue
        unheld.add(node, key, f"integers beyond {MAX_EXACT:,} are not distinguished")
        rest = [value for value in given if value not in exact]
        if all(map(is_number, rest)):
            ways: list[Schema] = [{"enum": exact}] if exact else []
            ways += [{"type": "integer", **_around(value)} for value in rest]
            node.setdefault("allOf", []).append({"anyOf": ways})


def _is_exact(value: object, *, alone: bool) -> bool:
    return all(
        is_written_exactly(each) and (alone or abs(each) <= MAX_WHOLE)
        for each in _all_numbers(value)
    )


def _far_literals(node: Schema, given: list[Any]) -> list[Any]:
    """Turn integers beyond 64 bits into numbers, because the library assumes 64 bits."""
    kinds = _kinds_given(node)
    far = any(abs(each) > MAX_WHOLE for value in given for each in _all_numbers(value))
    if not far or "integer" not in kinds or "number" in kinds:
        return given
    _make_numbers(node)
    return [each for each in given if not is_number(each) or each == int(each)]


def _make_numbers(node: Schema) -> None:
    kinds = ["number" if kind == "integer" else kind for kind in _kinds_given(node)]
    node["type"] = kinds if len(kinds) > 1 else kinds[0]


def _around(value: float) -> Schema:
    if abs(value) > 2**63 - 1024:
        return {}
    near = float(value)
    low, high = math.nextafter(near, -math.inf), math.nextafter(near, math.inf)
    return {"minimum": int(low), "maximum": min(int(high), 2**63 - 1024)}


def _all_numbers(value: object) -> Iterator[float]:
    if is_number(value):
        yield value
    for each in inner(value):
        yield from _all_numbers(each)


def _merges(node: Schema) -> bool:
    """Return whether the library merges its keywords with those of other schemas."""
    others = {"$ref", "anyOf", "oneOf"} & node.keys()
    return "allOf" in node or len(others) > 1 or (bool(others) and not set(BOUNDS).isdisjoint(node))


def _mixes(node: Schema) -> bool:
    """Return whether it limits values itself, beside other schemas that do."""
    others = {"$ref", "anyOf", "oneOf"} & node.keys()
    return "allOf" in node or (bool(others) and not {"type", "enum", "const"}.isdisjoint(node))


def _numbers(node: Schema, unheld: Parts, *, merged: bool) -> None:
    given = {key: node.pop(key) for key in BOUNDS if key in node}
    kinds = _kinds_given(node)
    step = node.get("multipleOf")
    exact = True
    if given and not {"number", "integer"}.isdisjoint(kinds) and (far := far_numbers(given)):
        few = [each for each in far if not step or is_multiple(each, step)]
        ways: list[Schema] = [{"type": "number", "enum": few}]
        _make_numbers(node)
    elif "number" in kinds and (given or (step and step != int(step))):
        if merged and any(_is_delicate(key, bound) for key, bound in given.items()):
            reason = "bounds of several schemas are combined"
            unheld.add(node, next(iter(given)), reason, loose=True)
        bounds, missing, exact = real_bounds(given)
        steps = multiples(step) if step else [None]
        ways = [
            {"type": "number", **bounds, **({"multipleOf": each} if each else {})} for each in steps
        ]
        if values := [each for each in missing if not step or is_multiple(each, step)]:
            ways.append({"enum": values})
    elif "integer" in kinds and given:
        bounds = whole_bounds(given)
        ways = [{"type": "integer", **bounds, **({"multipleOf": step} if step else {})}]
    else:
        return
    if not exact:
        unheld.add(node, next(iter(given)), "bounds with so many digits are not enforced")
    _bounded(node, ways, kinds)


def _is_delicate(key: str, bound: float) -> bool:
    return key.startswith("exclusive") or bound != int(bound)


def _kinds_given(node: Schema) -> list[str]:
    given = node.get("type", list(TYPES))
    return [given] if isinstance(given, str) else given


def _bounded(node: Schema, ways: list[Schema], kinds: list[str]) -> None:
    others = [kind for kind in kinds if kind not in ("number", "integer")]
    if len(ways) == 1 and not others and node.keys().isdisjoint(("enum", "const")):
        node.update(ways[0])
        return
    node.pop("multipleOf", None)
    if others:
        ways = [*ways, {"type": others}]
    if "anyOf" in node:
        node.setdefault("allOf", []).append({"anyOf": ways})
    else:
        node["anyOf"] = ways


def _multiples(every: list[Schema]) -> None:
    """Combine the multiples of several schemas (allOf): their states are the least common multiple.

    If there are too many states, a few of the multiples replace all of them.
    """
    common = 1
    for node in every:
        step = node.get("multipleOf")
        if step is None:
            continue
        digits = Decimal(repr(step)).as_tuple().digits
        together = math.lcm(common, int("".join(map(str, digits))))
        if 0 < together <= MAX_MULTIPLE:
            common = together
        elif step > 0:
            del node["multipleOf"]
            few = few_multiples(step, {key: node.pop(key) for key in BOUNDS if key in node})
            kinds = _kinds_given(node)
            _make_numbers(node)
            _bounded(node, [{"type": "number", "enum": few}], kinds)
