"""A tool's JSON schema as the fields of a form, and what is written there as arguments. Pure.

Whoever wrote the schema may be anybody: what is not understood is a field for JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

Kind = Literal["text", "number", "flag", "choice", "json"]
# A tool with more is tried with one field for all arguments.
MOST_FIELDS, MOST_CHOICES = 30, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One argument; without a `name`, all of them as a JSON object.

    `choices` are the values of a `choice`, as JSON; `example` is the default.
    """

    name: str
    kind: Kind
    is_required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()
    example: str = ""


class WrongArgumentError(Exception):
    """A sentence for a person about what is written in a field."""


def fields(schema: Mapping[str, Any]) -> list[Field]:
    """The fields of a form; none for a tool without arguments."""
    properties = schema.get("properties", {})
    known = isinstance(properties, Mapping) and len(properties) <= MOST_FIELDS
    listed = schema.get("required")
    required = [name for name in listed if isinstance(name, str)] if _is_list(listed) else []
    if not known or any(name not in properties for name in required):
        return [Field(name="", kind="json", is_required=True, example="{}")]
    found = [_field(name, about, name in required) for name, about in properties.items()]
    return sorted(found, key=lambda field: not field.is_required)


def arguments(texts: Sequence[tuple[Field, str]]) -> dict[str, Any]:
    """What is written in the fields. Fields that are empty are left out.

    Raises WrongArgumentError.
    """
    found: dict[str, Any] = {}
    for field, text in texts:
        if not text.strip():
            if field.is_required and field.name and field.kind != "text":
                raise _wrong(field, translate("tools", "{name} is required."))
            if not (field.is_required and field.kind == "text"):
                continue
        value = _value(field, text)
        if field.name:
            found[field.name] = value
        elif not isinstance(value, dict):
            raise _wrong(field, translate("tools", "{name} must be a JSON object."))
        else:
            found = value
    return found


def _field(name: str, about: object, is_required: bool) -> Field:
    told = _without_null(about if isinstance(about, Mapping) else {})
    description, default = told.get("description"), told.get("default")
    kind: Kind = "json"
    listed = told.get("enum")
    choices = listed if _is_list(listed) else []
    if 0 < len(choices) <= MOST_CHOICES:
        kind = "choice"
    elif told.get("type") == "string":
        kind = "text"
    elif told.get("type") in ("integer", "number"):
        kind = "number"
    elif told.get("type") == "boolean":
        kind, choices = "flag", [True, False]
    example = "" if default is None else default if kind == "text" else _json(default)
    return Field(
        name=name,
        kind=kind,
        is_required=is_required,
        description=description if isinstance(description, str) else "",
        choices=tuple(map(_json, choices)) if kind in ("choice", "flag") else (),
        example=example if isinstance(example, str) else "",
    )


def _without_null(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """What may be null or one thing more, as that thing: a field that is empty is left out."""
    kinds = about.get("type")
    if _is_list(kinds) and len(others := [kind for kind in kinds if kind != "null"]) == 1:
        return {**about, "type": others[0]}
    for union in (about.get("anyOf"), about.get("oneOf")):
        others = [one for one in union if one != {"type": "null"}] if _is_list(union) else []
        if len(others) == 1 and isinstance(others[0], Mapping):
            return {**about, **others[0]}
    return about


def shown(choice: str) -> str:
    """A choice for a person: a string without its quotation marks."""
    value = json.loads(choice)
    return value if isinstance(value, str) and value else choice


def _value(field: Field, text: str) -> Any:
    if field.kind == "text":
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None if field.kind == "number" else _wrong
    if field.kind == "number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise _wrong(field, translate("tools", "{name} must be a number."))
    if value is _wrong:
        raise _wrong(field, translate("tools", "{name} must be JSON, such as [1, 2]."))
    return value


def _wrong(field: Field, text: str) -> WrongArgumentError:
    name = field.name or translate("tools", "Arguments")
    return WrongArgumentError(text.format(name=name))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
