"""Normal schemas -> schemas that llguidance compiles correctly.

A grammar may accept more than the schema does, but never silently: `Parts` lists each part that it
does not enforce, for a check of the finished value.
"""

from __future__ import annotations

from .alternatives import convert_one_of
from .keys import close_names
from .numeric_keywords import combine_multiples, convert_literals, convert_numbers, merges, mixes
from .objects import close, convert_names, has_names, is_combined
from .parts import Parts, Schema, nodes
from .probe import pattern_fault, without_assertions
from .repair import repaired

_UNHELD = (
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "propertyNames"),
    *("contains", "minContains", "maxContains", "uniqueItems", "$dynamicRef", "$recursiveRef"),
    *("unevaluatedItems", "unevaluatedProperties"),
)


def rewrite(schema: Schema, unheld: Parts) -> Schema:
    """Change `schema` in place.

    Objects that list their properties are closed if every answer stays valid: a model that may
    invent keys does not stop.
    """
    every = nodes(schema)
    combined = any(map(is_combined, every))
    if not combined:
        for node in every:
            close(node)
    merged = combined or any(map(merges, every))
    alone = not any(map(mixes, every))
    combine_multiples(every)
    for node in every:
        convert_names(schema, node)
        convert_one_of(schema, node, unheld)
        _take_out(node, unheld)
        convert_literals(node, unheld, alone=alone)
        convert_numbers(node, unheld, merged=merged)
    for node in every:
        if has_names(node) and (combined or not close_names(node)):
            unheld.add(node, "properties", "a name could be spelled with escapes", loose=True)
    return repaired(schema, unheld)


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
