"""Numbers in a schema: literals, bounds and multiples, as far as llguidance distinguishes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

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
from .parts import TYPES, Parts, Schema, inner

# The cost of a grammar is proportional to it.
MAX_MULTIPLE = 10_000


def convert_literals(node: Schema, unheld: Parts, *, alone: bool) -> None:
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


def merges(node: Schema) -> bool:
    """Return whether the library merges its keywords with those of other schemas."""
    others = {"$ref", "anyOf", "oneOf"} & node.keys()
    return "allOf" in node or len(others) > 1 or (bool(others) and not set(BOUNDS).isdisjoint(node))


def mixes(node: Schema) -> bool:
    """Return whether it limits values itself, beside other schemas that do."""
    others = {"$ref", "anyOf", "oneOf"} & node.keys()
    return "allOf" in node or (bool(others) and not {"type", "enum", "const"}.isdisjoint(node))


def convert_numbers(node: Schema, unheld: Parts, *, merged: bool) -> None:
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


def combine_multiples(every: list[Schema]) -> None:
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
