"""The arguments of a call in Qwen3-Coder's form -> rules of llguidance's Lark (see `xml_call`).

Parameters come in the order of the schema. Nothing in a text is escaped, so its end is the next tag
as a whole: the rule for the next parameter matches the text before it, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..text.argument_types import types_of
from ..text.xml_call import is_tag_name
from .schema.parts import Schema, target

_END_VALUE, _END_CALL = "\n</parameter>\n", "</function>\n"
_ANY_TEXT = r"((.|\n)*\n)?"
_ANY_NAME = r"[^>\n]{1,64}"
# A longer text is not counted letter by letter.
_MAX_COUNTED = 1000


def xml_rules(
    rule: str, name: str, schema: Schema, style: Mapping[str, Any], *, ends_with_marker: bool
) -> list[str]:
    """Return the rule `rule`, a call of the function `name` up to its closing marker, and those
    that it uses.

    `schema` is plain. Only declared parameters are offered, if there are any. `style` says how JSON
    is written. `ends_with_marker` means that the marker is a token, which ends a text by itself.
    Raises ValueError for a name that no tag can hold.
    """
    return list(_Rules(rule, name, schema, style, ends_with_marker).lines())


class _Rules:
    def __init__(
        self,
        rule: str,
        name: str,
        schema: Schema,
        style: Mapping[str, Any],
        ends_with_marker: bool,
    ) -> None:
        self._rule = rule
        self._name = name
        self._schema = schema
        self._style = style
        self._end = "" if ends_with_marker else "[lazy]"
        top = _object(schema)
        self._properties: dict[str, Any] = top.get("properties") or {}
        self._names = list(self._properties)
        if wrong := [each for each in (name, *self._names) if not is_tag_name(each)]:
            raise ValueError(wrong[0])
        self._required = set(top.get("required") or ())
        self._is_closed = top.get("additionalProperties") is False
        self._exits: dict[tuple[str, str], str] = {}  # (text, tag) -> rule

    def lines(self) -> Iterator[str]:
        opening = _literal(f"<function={self._name}>\n")
        if self._names:
            yield f"{self._rule}: {opening} {self._rule}_rest0"
        elif self._is_closed:
            yield f"{self._rule}: {opening} {_literal(_END_CALL)}"
        else:
            yield f"{self._rule}: {opening} ({self._tag(_ANY_NAME)} {self._rule}_any | {_end()})"
            yield f"{self._rule}_any: {self._after_text(_ANY_TEXT, {_ANY_NAME: 'any'})}"
        for index in range(len(self._names) + 1 if self._names else 0):
            yield f"{self._rule}_rest{index}: {self._rest(index)}"
        for index, key in enumerate(self._names):
            yield f"{self._rule}_p{index}: {self._value(index, self._properties[key])}"
        for (text, tag), exit_rule in self._exits.items():
            lazy = "[lazy]" if tag != _END_CALL else self._end
            regex = f"{text}<\\/parameter>\\n{_escaped(tag)}"
            yield f"{exit_rule}{lazy}: /{regex}/"

    def _following(self, index: int) -> dict[str, int]:
        """Return the parameters that may come from `index` on, before the first required one."""
        following = {}
        for at in range(index, len(self._names)):
            following[self._names[at]] = at
            if self._names[at] in self._required:
                break
        return following

    def _may_end(self, index: int) -> bool:
        return self._required.isdisjoint(self._names[index:])

    def _rest(self, index: int) -> str:
        """Return what follows a closing tag."""
        tags = [
            f"{_literal(f'<parameter={key}>' + chr(10))} {self._rule}_p{at}"
            for key, at in self._following(index).items()
        ]
        return " | ".join([*tags, *([_end()] if self._may_end(index) else [])])

    def _value(self, index: int, schema: Any) -> str:
        """Return a parameter's value and all that follows it."""
        texts = _texts(schema)
        if texts is not None:
            values = " | ".join(_literal(text + _END_VALUE) for text in texts)
            return f"({values}) {self._rule}_rest{index + 1}"
        if "string" not in types_of(schema, self._schema):
            defs = {"$defs": self._schema["$defs"]} if "$defs" in self._schema else {}
            whole = json.dumps({**schema, **defs, "x-guidance": self._style})
            return f"%json {whole} {_literal(_END_VALUE)} {self._rule}_rest{index + 1}"
        following = {re.escape(key): f"p{at}" for key, at in self._following(index + 1).items()}
        return self._after_text(_regex(schema), following, may_end=self._may_end(index + 1))

    def _after_text(self, text: str, following: Mapping[str, str], may_end: bool = True) -> str:
        exits = [
            f"{self._exit(text, f'<parameter={name}>{chr(10)}')} {self._rule}_{rule}"
            for name, rule in following.items()
        ]
        return " | ".join([*exits, *([self._exit(text, _END_CALL)] if may_end else [])])

    def _exit(self, text: str, tag: str) -> str:
        return self._exits.setdefault((text, tag), f"{self._rule}_x{len(self._exits)}")

    def _tag(self, name: str) -> str:
        return f"/<parameter={name}>\\n/"


def _end() -> str:
    return _literal(_END_CALL)


def _literal(text: str) -> str:
    """Return a text in Lark, which knows JSON's escapes and no control characters."""
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f]", lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _escaped(regex: str) -> str:
    return regex.replace("/", r"\/").replace("\n", r"\n")


def _object(schema: Schema) -> Schema:
    """Return the part of a plain schema that declares the properties."""
    seen: list[Any] = []
    while "$ref" in schema and schema not in seen:
        seen.append(schema)
        schema = target(seen[0], schema["$ref"]) or {}
    return schema


def _texts(schema: Any) -> list[str] | None:
    """Return the texts that a schema lists, if it allows nothing else."""
    if not isinstance(schema, Mapping):
        return None
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    if not listed or not all(isinstance(each, str) for each in listed):
        return None
    return list(listed)


def _regex(schema: Any) -> str:
    """Return the texts that a string's schema allows, each with the newline that ends it."""
    if not isinstance(schema, Mapping) or schema.get("type") != "string":
        return _ANY_TEXT
    if whole := _whole(schema.get("pattern")):
        return f"(?:{_escaped(whole)})\\n"
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is not None and most <= _MAX_COUNTED:
        return f"(.|\\n){{{least},{most}}}\\n"
    return f"(.|\\n){{{least},}}\\n" if 0 < least <= _MAX_COUNTED else _ANY_TEXT


def _whole(pattern: Any) -> str | None:
    """Return a pattern for the whole text without its anchors, or None if it is not one."""
    match = re.fullmatch(r"\^(?:\(\?:(.*)\)|([^|]*))\$", pattern, re.S) if pattern else None
    body = match and (match[1] if match[1] is not None else match[2])
    if not body or re.search(r"(?<!\\)[$^]|\\[bB]", re.sub(r"\[\^", "[", body)):
        return None
    try:
        re.compile(body)  # what is left of `^(?:a)|(?:b)$` is not a pattern
    except re.error:
        return None
    return str(body)
