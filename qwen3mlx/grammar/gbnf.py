"""llama.cpp's grammars (GBNF) -> llguidance's Lark.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from qwen3mlx.errors import InvalidRequestError

from ..quoting import quoted

_HEX = "[0-9A-Fa-f]"
_ESCAPE = rf"\\(?:x{_HEX}{{2}}|u{_HEX}{{4}}|U00(?:0{_HEX}|10){_HEX}{{4}}|[^xuU])"
_TOKEN = re.compile(
    rf"""(?P<blank>[ \t\r\n]+ | \#[^\r\n]*)
    | (?P<rule>[A-Za-z0-9_-]+)[ \t]*::=
    | (?P<name>[A-Za-z0-9_-]+)
    | "(?P<text>(?:{_ESCAPE}|[^"\\\r\n])*)"
    | \[(?P<set>(?:{_ESCAPE}|[^\]\\])*)\]
    | (?P<any>\.)
    | (?P<repeat>\{{[ ]*\d+[ ]*(?:,[ ]*\d*[ ]*)?\}})
    | (?P<sign>[()|*+?])""",
    re.X | re.S,
)
_CHARACTER = re.compile(rf"({_ESCAPE})|(.)", re.S)
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}

_Token = tuple[str, str]


def gbnf_to_lark(text: str, *, param: str) -> str:
    """Return an equivalent Lark grammar, one rule per line; `root` becomes `start`.

    Rules that are not recursive become terminals: each is a single regular expression. Raises
    InvalidRequestError for invalid GBNF, and for a missing rule.
    """
    rules: dict[str, list[_Token]] = {}
    body: list[_Token] | None = None
    for kind, value in _tokens(text, param):
        if kind == "rule":
            body = rules[value] = []
        elif body is None:
            raise _fault(param, f"begins with {quoted(value)}, not with a rule (`root ::= ...`)")
        else:
            body.append((kind, value))
    for name in ("root", *(v for body in rules.values() for k, v in body if k == "name")):
        if name not in rules:
            raise _fault(param, f"has no rule {quoted(name)}")
    names = _lark_names(rules)
    lines = [f"{names[name]}: {_body(body, names)}" for name, body in rules.items()]
    return "\n".join([f"start: {names['root']}", *lines])


def _tokens(text: str, param: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            line = text.count("\n", 0, position) + 1
            rest = text[position : position + 20]
            raise _fault(param, f"is not valid GBNF from {quoted(rest)} in line {line}")
        if match.lastgroup not in (None, "blank"):
            yield str(match.lastgroup), match[str(match.lastgroup)]
        position = match.end()


def _fault(param: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{param} {what}.", param=param)


def _lark_names(rules: Mapping[str, list[_Token]]) -> dict[str, str]:
    """Name the rules; those that are not recursive get upper case: Lark's terminals."""
    uses = {name: {v for k, v in body if k == "name"} for name, body in rules.items()}
    terminals: set[str] = set()
    while more := {name for name in rules if name not in terminals and uses[name] <= terminals}:
        terminals |= more
    return {
        name: f"T{index}" if name in terminals else f"r{index}" for index, name in enumerate(rules)
    }


def _body(tokens: list[_Token], names: Mapping[str, str]) -> str:
    parts = [_part(kind, value, names) for kind, value in tokens]
    return " ".join(parts) or '""'


def _part(kind: str, value: str, names: Mapping[str, str]) -> str:
    if kind == "name":
        return names[value]
    if kind == "text":
        return json.dumps("".join(c for c, _ in _characters(value)), ensure_ascii=False)
    if kind == "any":
        return "/(?s:.)/"
    if kind == "set":
        return _set(value)
    return value.replace(" ", "")


def _characters(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each character, and whether it is literal (not escaped)."""
    for match in _CHARACTER.finditer(text):
        escape, plain = match.groups()
        if plain:
            yield plain, True
        elif len(escape) > 2:
            yield chr(int(escape[2:], 16)), False
        else:
            yield _NAMED.get(escape[1], escape[1]), False


def _set(value: str) -> str:
    """Convert `[...]` to a regular expression; a leading `^` negates, and `-` inside is a range."""
    negated = value.startswith("^")
    characters = list(_characters(value[negated:]))
    last = len(characters) - 1
    parts = [
        "-" if c == "-" and plain and 0 < index < last else f"\\x{{{ord(c):x}}}"
        for index, (c, plain) in enumerate(characters)
    ]
    return f"/[{'^' if negated else ''}{''.join(parts)}]/"
