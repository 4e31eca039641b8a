"""The parts of a JSON schema: nested schemas, their paths, and messages about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote

Schema: TypeAlias = dict[str, Any]

TYPES = ("null", "boolean", "object", "array", "number", "integer", "string")
MAPS_OF_SCHEMAS = (
    *("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
    "dependencies",
)
LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMAS = (
    *("items", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties"),
    *("propertyNames", "not", "if", "then", "else"),
)


class Parts:
    """Names parts of a schema by path, such as `properties/email/pattern`, with a reason.

    `loose` are those that a grammar enforces except for details.
    """

    def __init__(self, schema: Schema) -> None:
        self._places = {id(node): (place, node) for node, place in _walk(schema)}
        self.dropped: dict[str, str] = {}
        self.loose: dict[str, str] = {}

    def add(self, node: Schema, keyword: str, reason: str, *, loose: bool = False) -> None:
        place, _ = self._places.get(id(node), ("", node))
        parts = self.loose if loose else self.dropped
        parts[f"{place}/{keyword}".strip("/") or "schema"] = reason


def children(node: Schema) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield each schema in `node`: its path, its container, its key, and the schema itself."""
    for key, value in list(node.items()):
        if key in MAPS_OF_SCHEMAS and isinstance(value, dict):
            for name, each in list(value.items()):
                yield f"{key}/{name.replace('~', '~0').replace('/', '~1')}", value, name, each
        elif key in (*LISTS_OF_SCHEMAS, "items") and isinstance(value, list):
            yield from ((f"{key}/{i}", value, i, each) for i, each in enumerate(value))
        elif key in (*SCHEMAS, "additionalItems"):
            yield key, node, key, value


def _walk(schema: Schema) -> Iterator[tuple[Schema, str]]:
    """Yield the schemas in `schema`, and those it refers to anywhere, with their paths."""
    pending: list[tuple[Any, str]] = [(schema, "")]
    seen: set[int] = set()
    while pending:
        node, place = pending.pop()
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node, place
        reference = node.get("$ref")
        pending.append((target(schema, reference), str(reference).removeprefix("#/")))
        pending += [(each, f"{place}/{name}".strip("/")) for name, _, _, each in children(node)]


def nodes(schema: Schema) -> list[Schema]:
    """Yield the schema, all schemas in it, and those it refers to.

    Excludes what only looks like a schema, in an enum or an example.
    """
    return [node for node, _ in _walk(schema)]


def target(schema: Schema, reference: object) -> Any:
    """Return the target of `#/a/b` (RFC 6901); None if it is not a pointer or points nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    if reference in ("#", "#/"):
        return schema
    found: object = schema
    for part in unquote(reference).split("/")[1:] or [reference]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isascii() and name.isdecimal():
            found = dict(enumerate(found)).get(int(name))
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found


def inner(value: object) -> Iterable[object]:
    """Return the contents of a JSON array or object."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()
