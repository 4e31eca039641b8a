"""Remove the smallest parts of a schema that llguidance cannot compile."""

from __future__ import annotations

from typing import Any

from .parts import Parts, Schema, children, target
from .probe import grammar_fault

_MAX_PROBES = 400


def repaired(schema: Schema, unheld: Parts) -> Schema:
    """Remove the smallest parts that cannot be compiled."""
    probes = _Probes(schema)
    while (fault := probes.fault(schema)) is not None:
        node = probes.culprit(schema)
        key, reason = probes.keyword(node) or (None, fault)
        if key is None or probes.left <= 0:
            unheld.add(node, "", reason)
            node.clear()
            if node is schema:
                return schema
        else:
            unheld.add(node, key, reason)
            for name in (key, *_ABOUT_THE_REST.get(key, ())):
                node.pop(name, None)
    return schema


# Keywords about what the removed keyword leaves.
_ABOUT_THE_REST = {
    "properties": ("additionalProperties",),
    "patternProperties": ("additionalProperties",),
    "prefixItems": ("items",),
}


class _Probes:
    """Asks the library about parts of a schema, a bounded number of times."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.left = _MAX_PROBES

    def fault(self, part: Any) -> str | None:
        self.left -= 1
        defs = self._schema.get("$defs")
        if part is False or not isinstance(part, dict):
            return None
        return grammar_fault({**part, "$defs": defs} if defs else part)

    def culprit(self, schema: Schema) -> Schema:
        """Return the smallest faulty schema without faulty parts, from `schema` down."""
        node, seen = schema, {id(schema)}
        while self.left > 0:
            parts = [each for _, _, _, each in children(node)]
            parts.append(target(self._schema, node.get("$ref")))
            new = [each for each in parts if isinstance(each, dict) and id(each) not in seen]
            faulty = next((each for each in new if self.fault(each) is not None), None)
            if faulty is None:
                return node
            node = faulty
            seen.add(id(node))
        return node

    def keyword(self, node: Schema) -> tuple[str, str] | None:
        """Return the keyword without which `node` compiles."""
        fault = self.fault(node)
        for key in sorted(node, key=_last_to_go):
            if key == "$defs" or self.left <= 0:
                continue
            if self.fault({name: value for name, value in node.items() if name != key}) is None:
                return key, fault or ""
        return None


_LAST = ("patternProperties", "additionalProperties", "required", "type", "properties")


def _last_to_go(key: str) -> int:
    return _LAST.index(key) + 1 if key in _LAST else 0
