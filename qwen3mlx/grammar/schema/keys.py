"""Keys of open objects: a listed name must not return in another spelling.

llguidance lets an open object's other keys contain escapes: there, `"\u0061"` can stand for "a" and
bypass the schema of "a".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

_MAX_LETTERS = 2000


def close_names(node: Schema) -> bool:
    """Restrict the other keys of `node`, in place, to a pattern, which does not allow escapes.

    Returns False if the object is open and this is not possible.
    """
    others = node.get("additionalProperties", True)
    names = [*node.get("properties", {}), *node.get("required", ())]
    if others is False or not names:
        return True
    if node.get("patternProperties") or sum(map(len, names)) > _MAX_LETTERS:
        return False
    properties = node.setdefault("properties", {})
    for name in node.get("required", ()):
        properties.setdefault(name, others)
    node["patternProperties"] = {f"^(?:{all_but(names)})$": others}
    node["additionalProperties"] = False
    return True


def all_but(names: Iterable[str]) -> str:
    """Return a pattern of all strings except `names`."""
    tree: dict[str, Any] = {}
    for name in names:
        branch = tree
        for letter in name:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _all_but(tree)


def _all_but(tree: dict[str, Any]) -> str:
    letters = [letter for letter in tree if letter]
    ways = [] if "" in tree else [""]
    ways += [f"{re.escape(letter)}(?:{_all_but(tree[letter])})" for letter in letters]
    others = "".join(f"\\u{{{ord(letter):x}}}" for letter in letters)
    ways.append(f"[^{others}][\\s\\S]*" if others else "[\\s\\S]+")
    return "|".join(ways)
