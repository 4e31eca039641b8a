"""The types that a tool's schema gives its parameters, and a value's text -> its JSON.

For calls whose values are plain text, as Qwen3-Coder writes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .json_scanner import JsonScanner

Types = frozenset[str]

TEXT: Types = frozenset({"string"})
_ALL: Types = frozenset({"string", "number", "integer", "boolean", "null", "object", "array"})
# Of a parameter without a type: text, unless it is plainly a container.
UNTYPED: Types = frozenset({"string", "object", "array"})
# A schema may refer to itself.
_MAX_DEPTH = 16

_INTEGER = re.compile(r"-?\d+(\.0*)?")
_STARTS = {'"': "string", "{": "object", "[": "array", "t": "boolean", "f": "boolean", "n": "null"}


def parameter_types(tools: Sequence[Mapping[str, Any]], name: str) -> dict[str, Types]:
    """Return the types of each parameter of the tool `name`; tools are OpenAI-shaped."""
    for tool in tools:
        function = tool.get("function", tool)
        if isinstance(function, Mapping) and function.get("name") == name:
            schema = function.get("parameters")
            return {key: types_of(part, schema) for key, part in properties(schema, schema)}
    return {}


def properties(schema: Any, root: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the declared properties of an object's schema, also those of its parts."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return
    for part in (_target(schema.get("$ref"), root), *_parts(schema)):
        yield from properties(part, root, depth + 1)
    own = schema.get("properties")
    yield from own.items() if isinstance(own, Mapping) else ()


def types_of(schema: Any, root: Any) -> Types:
    """Return the JSON types that a schema allows; UNTYPED if it does not say."""
    types = _types(schema, root, 0)
    return UNTYPED if types == _ALL else types


def _types(schema: Any, root: Any, depth: int) -> Types:
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return _ALL
    types = _declared(schema.get("type"))
    if isinstance(values := schema.get("enum"), (list, tuple)):
        types &= frozenset(kind for value in values for kind in _types_of_value(value))
    if "const" in schema:
        types &= _types_of_value(schema["const"])
    if "$ref" in schema:
        types &= _types(_target(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf"):
        if isinstance(parts := schema.get(key), (list, tuple)) and parts:
            types &= frozenset().union(*(_types(part, root, depth + 1) for part in parts))
    if isinstance(parts := schema.get("allOf"), (list, tuple)):
        types = types.intersection(*(_types(part, root, depth + 1) for part in parts))
    return types or _ALL


def _declared(kind: Any) -> Types:
    kinds = [kind] if isinstance(kind, str) else kind
    if not isinstance(kinds, (list, tuple)):
        return _ALL
    named = {each for each in kinds if isinstance(each, str)}
    if "number" in named:
        named.add("integer")
    return frozenset(named) & _ALL or _ALL


def _types_of_value(value: Any) -> Types:
    kind = json_type(json.dumps(value))
    return frozenset({kind, "number"} if kind == "integer" else {kind})


def _parts(schema: Mapping[str, Any]) -> Iterator[Any]:
    for key in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(key)
        yield from parts if isinstance(parts, (list, tuple)) else ()


def _target(reference: Any, root: Any) -> Any:
    """Return the schema that a pointer within `root` refers to, or None."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    target = root
    for step in reference.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        target = target.get(key) if isinstance(target, Mapping) else None
    return target


def json_of(text: str, types: Types) -> str:
    """Return the JSON that a value's `text` stands for in a parameter of these types.

    A text that fits none of them is a JSON string: what the model wrote is never lost. `True`,
    `False` and `None` are read, too, as chat templates write them.
    """
    written = text.strip()
    if written.lower() in ("true", "false") and "boolean" in types:
        return written.lower()
    if written.lower() in ("null", "none") and ("null" in types or "string" not in types):
        return "null"
    kind = json_type(written)
    if kind != "string" and (kind in types or (kind == "integer" and "number" in types)):
        return written
    return json.dumps(text, ensure_ascii=False)


def json_type(text: str) -> str:
    """Return the type of a JSON value, or `""` if the text is none."""
    scanner = JsonScanner()
    end = scanner.feed(text + "\n")
    if scanner.status != "complete" or end < len(text):
        return ""
    return _STARTS.get(text[0]) or ("integer" if _INTEGER.fullmatch(text) else "number")
