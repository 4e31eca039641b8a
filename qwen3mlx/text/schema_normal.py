"""JSON schemas as people write them -> draft 2020-12 with every reference inside the schema.

What no draft gives a meaning is taken out and listed: neither a grammar nor a check could hold it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote

from .schema_formats import FORMATS

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
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("minContains", "maxContains"),
)
# Their schemas are needed by nothing once references point into $defs.
_IDENTIFIERS = ("$id", "id", "$schema", "$anchor", "$dynamicAnchor", "$vocabulary", "definitions")


class Parts:
    """Names parts of a schema by their place, `properties/email/pattern`, with a reason.

    `loose` are those that a grammar holds but for details.
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
    """Each schema in `node`: its place below it, what holds it, by which key, and itself."""
    for key, value in list(node.items()):
        if key in MAPS_OF_SCHEMAS and isinstance(value, dict):
            for name, each in list(value.items()):
                yield f"{key}/{name.replace('~', '~0').replace('/', '~1')}", value, name, each
        elif key in (*LISTS_OF_SCHEMAS, "items") and isinstance(value, list):
            yield from ((f"{key}/{i}", value, i, each) for i, each in enumerate(value))
        elif key in (*SCHEMAS, "additionalItems"):
            yield key, node, key, value


def _walk(schema: Schema) -> Iterator[tuple[Schema, str]]:
    """The schemas in `schema`, and those it refers to wherever they are, with their places."""
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
    """The schema, all schemas in it, and those it refers to.

    Not what only looks like one, in an enum or an example.
    """
    return [node for node, _ in _walk(schema)]


def target(schema: Schema, reference: object) -> Any:
    """What `#/a/b` points to (RFC 6901); None if it is no such pointer, or points nowhere."""
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


def normal(schema: Schema, lost: Parts) -> Schema:
    """`schema`, changed in place: `lost` gets the parts that mean nothing here.

    The result's references are all `#/$defs/NAME`, and `$defs` is at its top alone.
    """
    base = schema.get("$id", schema.get("id"))
    every = nodes(schema)
    for node in every:
        for change in _CHANGES:
            change(node, lost)
    anchors = {
        f"#{node['$anchor']}": f"#/{place}" if place else "#"
        for node, place in _walk(schema)
        if "$anchor" in node
    }
    for node in every:
        _resolve(schema, node, base, anchors, lost)
    defs = _Definitions(schema, every)
    for node in every:
        for key in _IDENTIFIERS:
            node.pop(key, None)
        node.pop("$defs", None)
    return defs.top()


class _Definitions:
    """Gives each schema that is referred to a name in `$defs`."""

    def __init__(self, schema: Schema, every: list[Schema]) -> None:
        self._schema = schema
        self._defs: dict[str, Any] = {}
        names: dict[int, str] = {}
        referring = [(node, target(schema, node["$ref"])) for node in every if "$ref" in node]
        for node, found in referring:
            if id(found) not in names:
                names[id(found)] = self._name(str(node["$ref"]))
                self._defs[names[id(found)]] = found
        for node, found in referring:
            node["$ref"] = f"#/$defs/{names[id(found)]}"
        self._move(every, names)

    def _name(self, reference: str) -> str:
        name = re.sub(r"[^\w.-]", "_", unquote(reference).rsplit("/", 1)[-1]) or "root"
        while name in self._defs:
            name += "_"
        return name

    def _move(self, every: list[Schema], names: dict[int, str]) -> None:
        """What stands somewhere else, too, becomes a reference there."""
        for node in every:
            for place, holder, key, each in children(node):
                moved = isinstance(each, dict) and id(each) in names
                if moved and not place.startswith(("$defs/", "definitions/")):
                    holder[key] = {"$ref": f"#/$defs/{names[id(each)]}"}
        self._root = names.get(id(self._schema))

    def top(self) -> Schema:
        if self._root is not None:
            return {"$ref": f"#/$defs/{self._root}", "$defs": self._defs}
        return {**self._schema, **({"$defs": self._defs} if self._defs else {})}


def _resolve(
    schema: Schema, node: Schema, base: object, anchors: dict[str, str], lost: Parts
) -> None:
    """References are made JSON pointers; those to other documents, or to nothing, are lost."""
    reference = node.get("$ref")
    if reference is None:
        return
    if isinstance(base, str) and isinstance(reference, str) and base:
        reference = reference.removeprefix(base) or "#"
    reference = anchors.get(str(reference), reference)
    found = target(schema, reference)
    if isinstance(found, dict) and not _is_circle(schema, found):
        node["$ref"] = reference
        return
    del node["$ref"]
    if isinstance(found, bool):
        if not found:
            node["not"] = {}
        return
    why = "it leads back to itself" if found is not None else "it is not part of the schema"
    if not isinstance(reference, str) or not reference.startswith("#"):
        why = "only references inside the schema (#/...) are followed"
    lost.add(node, "$ref", f"{reference}: {why}")


def _is_circle(schema: Schema, node: Any) -> bool:
    """It refers to something that refers to it, and nothing comes between."""
    seen: set[int] = set()
    while isinstance(node, dict) and "$ref" in node:
        if id(node) in seen:
            return True
        seen.add(id(node))
        node = target(schema, node["$ref"])
    return False


# Changes of one schema, in their order.


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
    return key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float)))


def _are_names(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _drop_wrong_kinds(node: Schema, lost: Parts) -> None:
    for key, value in list(node.items()):
        if _wrong_kind(key, value):
            del node[key]
            if value is not None:
                lost.add(node, key, f"{_short(value)} is no value for it")
        elif key in _COUNTS:
            node[key] = int(value)
    for place, holder, key, each in list(children(node)):
        if not isinstance(each, (dict, bool)) and not (place == "items" and type(each) is list):
            holder[key] = {}
            if each is not None:
                lost.add(node, place, f"{_short(each)} is no schema")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."


def _old_bounds(node: Schema, lost: Parts) -> None:
    """Draft 4: `exclusiveMinimum: true` beside `minimum`."""
    for bound, exclusive in (
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ):
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and bound in node:
            node[exclusive] = node.pop(bound)


def _old_arrays(node: Schema, lost: Parts) -> None:
    """Before 2020-12, a list of `items` was what prefixItems is."""
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
        lost.add(node, "type", f"{_short(given)} is no type: one of {', '.join(TYPES)}")
        return
    node["type"] = known if len(known) > 1 else known[0]


def _nullable(node: Schema, lost: Parts) -> None:
    """OpenAPI 3.0: null is one of the values, too."""
    kind = node.get("type")
    if node.get("nullable") is True and isinstance(kind, str) and kind != "null":
        node["type"] = [kind, "null"]
        if isinstance(node.get("enum"), list) and None not in node["enum"]:
            node["enum"] = [*node["enum"], None]


def _type_name(name: object) -> str | None:
    """Some generators write them in capitals."""
    lower = name.lower() if isinstance(name, str) else None
    return lower if lower in (*TYPES, "any") else None


def _required(node: Schema, lost: Parts) -> None:
    names = node.get("required")
    if names is None:
        return
    node["required"] = list(dict.fromkeys(name for name in names if isinstance(name, str)))
    if len(node["required"]) < len(names):
        lost.add(node, "required", f"{_short(names)} are not all names")
    if not node["required"]:
        del node["required"]


def _pattern(node: Schema, lost: Parts) -> None:
    """Python's and PCRE's anchors of the whole string have other names in ECMAScript."""
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
    """zod's never() is `not: {}`."""
    for _, holder, key, each in list(children(node)):
        if isinstance(each, dict) and set(each) == {"not"} and each["not"] in ({}, True):
            holder[key] = False


_CHANGES: tuple[Callable[[Schema, Parts], None], ...] = (
    *(_old_bounds, _old_arrays, _old_dependencies, _drop_wrong_kinds),
    *(_types, _nullable, _required, _pattern, _format, _never),
)


def inner(value: object) -> Iterable[object]:
    """What a JSON array or object holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()
