"""JSON schemas as callers send them -> schemas that grammars can be made of, in bounded time."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from qwen3mlx.errors import InvalidRequestError

from .normal import normal
from .parts import Parts, Schema, inner, nodes, target
from .probe import NEVER, is_checkable, is_schema, pattern_fault
from .rewrite import rewrite

MAX_BYTES = 256 * 1024
MAX_DEPTH = 100
# Includes the levels of all referenced schemas: the library descends into them recursively, and the
# process dies when its stack ends, at twice this depth or later.
MAX_LEVELS = 800
# The cost of a grammar grows with its square.
MAX_PROPERTIES = 1000
# Characters of a name, or of a text in `const` or `enum`, which is compiled letter by letter.
MAX_LETTERS = 8192


class PlainSchema(NamedTuple):
    """`grammar` is the source of the grammar; it accepts every valid value, with properties in the
    order given and, if `check` is not None, perhaps invalid ones, which `check` rejects.

    Parts are named by path, with a reason: `unheld` are enforced only by `check`, `lost` by
    nothing, and `impossible` are those that no value satisfies.
    """

    grammar: Schema
    check: Schema | None
    unheld: Mapping[str, str]
    lost: Mapping[str, str]
    impossible: Mapping[str, str]


def plain_schema(schema: object, *, param: str) -> PlainSchema:
    """Return the plain form of `schema`.

    Raises InvalidRequestError, which names `param`, for anything but a JSON object, and for a
    schema that would take too long because of its size, depth or number of properties.
    """
    plain = _plain(schema, param)
    _check_sizes(plain, param)
    return _rewritten(json.dumps(plain))


@lru_cache(maxsize=256)
def _rewritten(text: str) -> PlainSchema:
    """Cache the result: each turn of a conversation sends the same tools."""
    plain: Schema = json.loads(text)
    lost, unheld = Parts(plain), Parts(plain)
    plain = normal(plain, lost)
    if plain.get("not") in ({}, True):
        return PlainSchema({}, None, {}, lost.dropped, {"not": NEVER})
    for node in nodes(plain):
        _drop_patterns(node, lost)
    check = _checkable(copy.deepcopy(plain))
    grammar = rewrite(plain, unheld)
    impossible = {part: why for part, why in unheld.dropped.items() if why.startswith(NEVER)}
    held_later = {part: why for part, why in unheld.dropped.items() if part not in impossible}
    is_checked = bool(held_later or unheld.loose) and not impossible
    if is_checked and not is_schema(check):
        is_checked = False
        lost.dropped |= held_later
    return PlainSchema(
        grammar,
        check if is_checked else None,
        held_later,
        lost.dropped,
        impossible,
    )


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
        text = json.dumps(schema, allow_nan=False, default=dict, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"{param} is not valid JSON ({error}).", param=param) from None
    if len(text) > MAX_BYTES:
        raise InvalidRequestError(
            f"{param} has {len(text):,} bytes; the limit is {MAX_BYTES:,}: shorten it.", param=param
        )
    # Lone surrogates cannot occur in an answer.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    plain: Schema = json.loads(whole)
    return plain


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [each for item in level for each in inner(item)]
    return bool(level)


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        level = [each for item in level for each in inner(item)]
        depth += 1
    return depth


def _check_sizes(schema: Schema, param: str) -> None:
    """Check the sizes. An anchor may name any part of the schema, so it counts as all of it."""
    targets: dict[object, object] = {id(schema): schema}
    for node in nodes(schema):
        _check_names(node, param)
        if "$ref" in node:
            found = target(schema, node["$ref"])
            targets[str(node["$ref"]) if found is None else id(found)] = found or schema
    if len(targets) > MAX_LEVELS or sum(map(_depth, targets.values())) > MAX_LEVELS:
        raise InvalidRequestError(
            f"{param} is nested too deeply: the {len(targets):,} schemas that refer to each other "
            f"have more than {MAX_LEVELS} levels together; split it.",
            param=param,
        )


def _check_names(node: Schema, param: str) -> None:
    literals = [node[key] for key in ("const", "enum", "required") if key in node]
    for key in ("properties", "patternProperties"):
        literals += node[key] if isinstance(node.get(key), dict) else ()
    if any(len(text) > MAX_LETTERS for text in _texts(literals)):
        raise InvalidRequestError(
            f"{param} has a name or constant of more than {MAX_LETTERS:,} characters: shorten it.",
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


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    yield from value if isinstance(value, dict) else ()
    for each in inner(value):
        yield from _texts(each)


def _drop_patterns(node: Schema, lost: Parts) -> None:
    """Remove invalid patterns, which neither a grammar nor a check can use."""
    if "pattern" in node and (fault := _pattern_fault(node["pattern"])):
        lost.add(node, "pattern", fault)
        del node["pattern"]
    for pattern in node.get("patternProperties", {}):
        if fault := _pattern_fault(pattern):
            lost.add(node, "patternProperties", fault)
            del node["patternProperties"]
            node.pop("additionalProperties", None)  # it applies to the names that match no pattern
            return


def _pattern_fault(pattern: str) -> str | None:
    return None if is_checkable(pattern) else pattern_fault(pattern)


def _checkable(schema: Schema) -> Schema:
    """Remove the patterns that only a grammar can enforce."""
    for node in nodes(schema):
        if "pattern" in node and not is_checkable(node["pattern"]):
            del node["pattern"]
        if not all(map(is_checkable, node.get("patternProperties", ()))):
            del node["patternProperties"]
            node.pop("additionalProperties", None)
    return schema
