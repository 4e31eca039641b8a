"""JSON schemas as callers send them -> schemas a grammar can be made of, in bounded time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, TypeGuard
from urllib.parse import unquote

from qwen3mlx.errors import InvalidRequestError

Schema: TypeAlias = dict[str, Any]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 100
# With the levels of all schemas that are referred to: the library descends into them one by one,
# and where its stack ends the process does. That is at twice as many, or later.
MAX_LEVELS = 800
# What a grammar costs grows with the square of the first, and in proportion to the second.
MAX_PROPERTIES = 1000
MAX_MULTIPLE = 100_000
# Whole numbers up to here are exact as doubles, which is what the library computes with; far
# larger bounds crash it.
MAX_EXACT = 2**53

# JSON Schema takes `format` as a remark; these are the ones that can also be enforced.
_FORMATS = frozenset(
    (
        *("date-time", "time", "date", "duration", "email"),
        *("hostname", "ipv4", "ipv6", "uuid", "uri"),
    )
)
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMAS = (
    *("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"),
    *("additionalProperties", "unevaluatedProperties", "propertyNames"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
)
_COMBINING = frozenset(("allOf", "not", "if", "dependentSchemas", "$dynamicRef"))
_ALTERNATIVES = ("properties", "anyOf", "oneOf", "$ref")
_OPEN = frozenset(
    (
        *("additionalProperties", "patternProperties", "unevaluatedProperties"),
        *("propertyNames", "minProperties"),
    )
)


def plain_schema(schema: object, *, param: str) -> Schema:
    """A copy of `schema` with what a grammar can follow. `InvalidRequestError` names `param`.

    Refuses what is no JSON, and what would take too long: by size, depth, number of properties,
    `multipleOf`; and references to other documents. Objects that list their properties get no
    others, where that leaves every answer valid: a model that may invent keys does not stop.
    """
    plain = _plain(schema, param)
    nodes = list(_nodes(plain))
    _check_levels(plain, nodes, param)
    for node in nodes:
        _check(node, param)
        _check_numbers(node, param)
        node.pop("$id", None)  # there are no other documents that could ask for it
        if node.get("format") not in _FORMATS:
            node.pop("format", None)
    _check_multiples(nodes, param)
    if not any(map(_is_combined, nodes)):
        for node in nodes:
            _close(node)
    return plain


def _plain(schema: object, param: str) -> Schema:
    if not isinstance(schema, Mapping):
        raise InvalidRequestError(
            f"{param} must be a JSON schema, which is an object.", param=param
        )
    if _is_deeper(schema, MAX_DEPTH):
        raise InvalidRequestError(
            f"{param} is nested more than {MAX_DEPTH} levels deep: flatten it, or use $defs.",
            param=param,
        )
    try:
        text = json.dumps(schema, allow_nan=False, default=dict)
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"{param} is no JSON ({error}).", param=param) from None
    if len(text) > MAX_BYTES:
        raise InvalidRequestError(
            f"{param} has {len(text):,} bytes; the limit is {MAX_BYTES:,}: shorten it.", param=param
        )
    plain: Schema = json.loads(text)
    return plain


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [inner for item in level for inner in _inner(item)]
    return bool(level)


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        level = [inner for item in level for inner in _inner(item)]
        depth += 1
    return depth


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _nodes(schema: Schema) -> Iterator[Schema]:
    """The schema, all schemas in it, and those it refers to, wherever they are.

    Not what only looks like one, in an enum or an example.
    """
    pending: list[object] = [schema]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        pending.append(_target(schema, node.get("$ref")))
        for key, value in node.items():
            if key in _MAPS_OF_SCHEMAS and isinstance(value, dict):
                pending += value.values()
            elif key in _SCHEMAS:
                pending += value if isinstance(value, list) else [value]


def _target(schema: Schema, reference: object) -> object:
    """What `#/a/b` points to (RFC 6901); None if it is no such pointer, or points nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    if reference == "#":
        return schema
    target: object = schema
    for part in unquote(reference).split("/")[1:] or [reference]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list) and name.isascii() and name.isdecimal():
            target = dict(enumerate(target)).get(int(name))
        else:
            target = target.get(name) if isinstance(target, dict) else None
    return target


def _check_levels(schema: Schema, nodes: list[Schema], param: str) -> None:
    """An anchor may stand for any part of the schema: it counts as all of it."""
    targets: dict[object, object] = {id(schema): schema}
    for reference in {str(node["$ref"]) for node in nodes if "$ref" in node}:
        target = _target(schema, reference)
        if target is None:
            targets[reference] = schema
        else:
            targets[id(target)] = target
    if len(targets) > MAX_LEVELS or sum(map(_depth, targets.values())) > MAX_LEVELS:
        raise InvalidRequestError(
            f"{param} is nested too deeply: the {len(targets):,} schemas that refer to each other "
            f"have more than {MAX_LEVELS} levels together; split it.",
            param=param,
        )


def _check(node: Schema, param: str) -> None:
    reference = node.get("$ref", "#")
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise InvalidRequestError(
            f"{param} refers to {reference!r}; only references inside the schema (#/...) are "
            "followed: put it under $defs.",
            param=param,
        )
    for key in ("properties", "required"):
        names = node.get(key)
        if isinstance(names, (dict, list)) and len(names) > MAX_PROPERTIES:
            raise InvalidRequestError(
                f"{param} has an object with {len(names):,} {key}; the limit is "
                f"{MAX_PROPERTIES:,}.",
                param=param,
            )


def _check_numbers(node: Schema, param: str) -> None:
    """Bounds are drawn in to what is exact, which every answer within them satisfies, too."""
    for lower, upper in (("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")):
        for key, sign in ((lower, 1), (upper, -1)):
            if _is_number(bound := node.get(key)):
                if bound * sign > MAX_EXACT:
                    raise _inexact(bound, param)
                node[key] = max(bound * sign, -MAX_EXACT) * sign
    for number in _numbers([node.get("const"), node.get("enum")]):
        if abs(number) > MAX_EXACT:
            raise _inexact(number, param)


def _inexact(number: float, param: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{param} names the number {number}; those beyond {MAX_EXACT:,} cannot be enforced: use "
        "strings for them.",
        param=param,
    )


def _numbers(value: object) -> Iterator[float]:
    """Those anywhere in a JSON value."""
    if _is_number(value):
        yield value
    for inner in _inner(value):
        yield from _numbers(inner)


def _check_multiples(nodes: list[Schema], param: str) -> None:
    """Combined ones (allOf) have as many states as their least common multiple."""
    multiples = {node["multipleOf"] for node in nodes if _is_number(node.get("multipleOf"))}
    digits = (Decimal(repr(number)).as_tuple().digits for number in multiples)
    if math.lcm(*(int("".join(map(str, number))) for number in digits)) > MAX_MULTIPLE:
        raise InvalidRequestError(
            f"{param} asks for multiples that are too large to enforce: use multipleOf for small "
            "round numbers only.",
            param=param,
        )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_combined(node: Schema) -> bool:
    """Several schemas may describe one object: none of them lists all of its properties."""
    return not _COMBINING.isdisjoint(node) or sum(key in node for key in _ALTERNATIVES) > 1


def _close(node: Schema) -> None:
    properties, required = node.get("properties"), node.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return
    if _OPEN.isdisjoint(node) and all(name in properties for name in required):
        node["additionalProperties"] = False
