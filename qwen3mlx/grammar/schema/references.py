"""References of a schema, by `$id`, anchor or pointer -> `#/$defs/NAME`, all at its top.

https://json-schema.org/draft/2020-12/json-schema-core#section-8
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from .parts import Parts, Schema, children, target

# Unnecessary once references point into $defs.
_IDENTIFIERS = (
    *("$id", "id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"),
    *("$defs", "definitions"),
)
_DYNAMIC = ("$dynamicRef", "$recursiveRef")


def gathered(schema: Schema, lost: Parts) -> Schema:
    """Change `schema` in place; references to other documents, or to nothing, are added to `lost`.

    Referenced schemas move to `$defs`, which exists only at the top.
    """
    references = _References(schema)
    found = references.followed(lost)
    every = list(references.nodes())
    names = _Names()
    root = names.of(schema) if any(each is schema for _, each in found) else None
    for node, part in found:
        node["$ref"] = f"#/$defs/{names.of(part, node['$ref'])}"
    for node in every:
        for place, holder, key, each in children(node):
            if names.has(each) and not place.startswith(("$defs/", "definitions/")):
                holder[key] = {"$ref": f"#/$defs/{names.of(each)}"}
    for node in every:
        for key in _IDENTIFIERS:
            node.pop(key, None)
    if root is not None:
        return {"$ref": f"#/$defs/{root}", "$defs": names.defs}
    return {**schema, **({"$defs": names.defs} if names.defs else {})}


class _Names:
    """Unique names in `$defs`, one per schema."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}
        self._names: dict[int, str] = {}

    def has(self, schema: Any) -> bool:
        return id(schema) in self._names

    def of(self, schema: Schema, reference: str = "") -> str:
        if id(schema) not in self._names:
            name = re.sub(r"[^\w.-]", "_", re.split("[/#]", unquote(reference))[-1]) or "root"
            while name in self.defs:
                name += "_"
            self._names[id(schema)] = name
            self.defs[name] = schema
        return self._names[id(schema)]


class _References:
    """Maps each schema to its resource (a part with its own `$id`) and its URI."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._homes: dict[int, tuple[Schema, str]] = {}
        self._nodes: list[Schema] = []
        self._by_uri: dict[str, Schema] = {}
        self._dynamic: dict[str, list[Schema]] = {}
        self._visit(schema, schema, "")

    def nodes(self) -> Iterator[Schema]:
        return iter(self._nodes)

    def followed(self, lost: Parts) -> list[tuple[Schema, Schema]]:
        """Yield each schema with a reference, and its target."""
        found: dict[int, tuple[Schema, Schema]] = {}
        for node in self._nodes:  # grows as targets are found that no keyword leads to
            self._make_static(node)
            reference = node.get("$ref")
            if not isinstance(reference, str):
                continue
            part = self._part(node, reference)
            if isinstance(part, dict):
                self._visit(part, *self._homes[id(node)])
                found[id(node)] = node, part
                continue
            del node["$ref"]
            if part is False:
                node["not"] = {}
            elif part is not True:
                lost.add(node, "$ref", f"{reference}: {_why_lost(reference)}")
        circular = [node for node, _ in found.values() if _is_circular(node, found)]
        for node in circular:
            lost.add(node, "$ref", f"{node.pop('$ref')}: it refers back to itself")
            del found[id(node)]
        return list(found.values())

    def _visit(self, schema: Schema, resource: Schema, base: str) -> None:
        """Visit all schemas below `schema`, which belongs to `resource`."""
        pending: list[tuple[Any, Schema, str]] = [(schema, resource, base)]
        while pending:
            node, resource, base = pending.pop()
            if not isinstance(node, dict) or id(node) in self._homes:
                continue
            name = node.get("$id", node.get("id"))
            if isinstance(name, str) and name and not name.startswith("#"):
                resource, base = node, _joined(base, name)
                self._by_uri.setdefault(base, node)
            self._homes[id(node)] = resource, base
            self._nodes.append(node)
            self._take_anchors(node, name, base)
            pending += [(each, resource, base) for _, _, _, each in children(node)]

    def _take_anchors(self, node: Schema, name: Any, base: str) -> None:
        if isinstance(name, str) and name.startswith("#"):  # draft 4
            self._by_uri.setdefault(base + name, node)
        for key in ("$anchor", "$dynamicAnchor"):
            if isinstance(node.get(key), str):
                self._by_uri.setdefault(f"{base}#{node[key]}", node)
        if isinstance(node.get("$dynamicAnchor"), str):
            self._dynamic.setdefault(node["$dynamicAnchor"], []).append(node)

    def _make_static(self, node: Schema) -> None:
        """Replace a dynamic reference that has only one possible target by a plain one."""
        for key in _DYNAMIC:
            reference = node.get(key)
            if not isinstance(reference, str):
                continue
            anchored = self._dynamic.get(reference.partition("#")[2], [])
            recursive = [n for n in self._nodes if n.get("$recursiveAnchor") is True]
            if len(anchored) <= 1 and (key == "$dynamicRef" or len(recursive) <= 1):
                del node[key]
                self._visit(_with_reference(node, reference), *self._homes[id(node)])

    def _part(self, node: Schema, reference: str) -> Any:
        """Return the target, or None if it is not in this document."""
        resource, base = self._homes[id(node)]
        if not reference.startswith("#"):
            uri, fragment = urldefrag(_joined(base, reference))
            return self._at(resource if uri == base else self._by_uri.get(uri), uri, fragment)
        fragment = reference[1:]
        found = self._at(resource, base, fragment)
        # Many write pointers from the top even inside a part with an $id.
        return found if found is not None else target(self._schema, reference)

    def _at(self, resource: Schema | None, uri: str, fragment: str) -> Any:
        anchored = self._by_uri.get(f"{uri}#{unquote(fragment)}")
        if anchored is not None or resource is None:
            return anchored
        return target(resource, f"#{fragment}")


def _joined(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:  # not a URI, such as `http://[`
        return reference


def _with_reference(node: Schema, reference: str) -> Schema:
    """Return the schema to hold a reference: `node`, or a new one if it already has one."""
    if "$ref" not in node:
        node["$ref"] = reference
        return node
    one_more = {"$ref": reference}
    others = node.get("allOf")
    node["allOf"] = [*(others if isinstance(others, list) else ()), one_more]
    return one_more


def _why_lost(reference: str) -> str:
    if reference.startswith("#"):
        return "it is not part of the schema"
    return "only references inside the schema (#/..., or its own $id) are followed"


def _is_circular(node: Schema, found: dict[int, tuple[Schema, Schema]]) -> bool:
    """Return whether a reference leads back to itself through references alone."""
    seen: set[int] = set()
    while id(node) in found:
        if id(node) in seen:
            return True
        seen.add(id(node))
        node = found[id(node)][1]
    return False
