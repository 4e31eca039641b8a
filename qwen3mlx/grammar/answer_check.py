"""Check finished answers and tool calls against schemas that a grammar enforces only in part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed
from typing import TYPE_CHECKING, Any

from ..text.argument_types import UNTYPED, Types, json_of, properties, types_of
from ..text.call_format import CallFormat
from ..text.xml_call import find_end

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

_BLANKS = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_CALL = re.compile(r'\s*\{"name": ("(?:[^"\\]|\\.)*"), "arguments": ')
_XML_CALL = re.compile(r"\s*<function=([^>]*)>\n")
_XML_PARAMETER = re.compile(r"<parameter=([^>]*)>\n")

Path = tuple[str | int, ...]


class AnswerCheck:
    """`answer` is the schema of an answer, `calls` those of functions' arguments by name.

    An answer or call without a schema is not checked. Calls are in the form `call_format`.
    """

    def __init__(
        self,
        answer: Mapping[str, Any] | None = None,
        calls: Mapping[str, Any] | None = None,
        call_format: CallFormat = "json",
    ) -> None:
        from jsonschema_rs import Draft202012Validator

        def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
            return Draft202012Validator(dict(schema), offline=True)

        self._answer = None if answer is None else validator(answer)
        self._calls = {name: validator(schema) for name, schema in (calls or {}).items()}
        self._schemas = calls or {}
        self._read_call = _json_call if call_format == "json" else self._xml_call

    def covers(self, *, is_call: bool) -> bool:
        return bool(self._calls) if is_call else self._answer is not None

    def fault(self, text: str, *, is_call: bool) -> tuple[int, int, str] | None:
        """Return start and end of the first wrong part of an answer or call, and what it violates.

        `text` is complete, and the JSON in it is valid.
        """
        schema: Draft202012Validator | None
        if is_call:
            name, places = self._read_call(text)
            schema = self._calls.get(name)
        else:
            places, schema = _Places(text, 0), self._answer
        if schema is None:
            return None
        value = places.value
        errors = schema.iter_errors(value)
        faults = [(*places.of(error, value), _keyword(error)) for error in errors]
        # A parser keeps one of two members with the same name, so they are one too few.
        faults += [(*place, "properties") for place in places.repeated]
        return min(faults, default=None, key=lambda fault: fault[1])

    def _xml_call(self, text: str) -> tuple[str, _Places]:
        call = _XML_CALL.match(text)
        name, start = (call[1], call.end()) if call else ("", len(text))
        schema = self._schemas.get(name, {})
        types = {key: types_of(part, schema) for key, part in properties(schema, schema)}
        return name, _XmlPlaces(text, start, types)


def _json_call(text: str) -> tuple[str, _Places]:
    call = _CALL.match(text)
    return json.loads(call[1]) if call else "", _Places(text, call.end() if call else 0)


def _keyword(error: ValidationError) -> str:
    """Return the path in the schema, which never contains the answer's own text."""
    return "/".join(map(str, error.schema_path))


class _Places:
    """Reads one JSON value in `text` and records where its parts end.

    `repeated` has the places of names that their object has already.
    """

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._spans: dict[Path, tuple[int, int]] = {}
        self._names: dict[Path, tuple[int, int]] = {}
        self.repeated: list[tuple[int, int]] = []
        self.value = self._read_all(start)

    def _read_all(self, start: int) -> Any:
        self._read(_skip(self._text, start), ())
        return json.loads(self._text[start : self._spans[()][1]])

    def of(self, error: ValidationError, value: Any) -> tuple[int, int]:
        path: Path = tuple(error.instance_path)
        part = value
        for each in path:
            part = part[each]
        if error.kind.name == "uniqueItems":
            return self._spans[(*path, _repeated(part))]
        for name in _names(error.kind):
            if (*path, name) in self._names:
                return self._names[(*path, name)]
        return self._spans[path]

    def _read(self, at: int, path: Path) -> int:
        """Return the index after the value that begins at `at`."""
        readers: dict[str, Callable[[int, Path], int]] = {
            "{": self._read_object,
            "[": self._read_array,
            '"': lambda at, _: scanstring(self._text, at + 1)[1],
        }
        reader = readers.get(self._text[at])
        if reader is not None:
            end = reader(at, path)
        else:
            scalar = _SCALAR.match(self._text, at)
            end = scalar.end() if scalar else at + 1
        self._spans[path] = at, end
        return end

    def _read_object(self, at: int, path: Path) -> int:
        text, at = self._text, _skip(self._text, at + 1)
        while text[at] != "}":
            begin = at
            name, at = scanstring(text, at + 1)
            if (*path, name) in self._names:
                self.repeated.append((begin, at))
            self._names[(*path, name)] = begin, at
            at = _skip(text, _skip(text, at) + 1)  # the colon
            at = _skip(text, self._read(at, (*path, name)))
            at = _skip(text, at + 1) if text[at] == "," else at
        return at + 1

    def _read_array(self, at: int, path: Path) -> int:
        text, at, index = self._text, _skip(self._text, at + 1), 0
        while text[at] != "]":
            at = _skip(text, self._read(at, (*path, index)))
            at = _skip(text, at + 1) if text[at] == "," else at
            index += 1
        return at + 1


class _XmlPlaces(_Places):
    """The same for the parameters of a call in Qwen3-Coder's form, which begin at `start`."""

    def __init__(self, text: str, start: int, types: Mapping[str, Types]) -> None:
        self._types = types
        super().__init__(text, start)

    def _read_all(self, start: int) -> Any:
        value: dict[str, Any] = {}
        at = start
        while parameter := _XML_PARAMETER.match(self._text, at):
            name, begin = parameter[1], parameter.end()
            end, _ = find_end(self._text, begin, [*value, name], self._types)
            stop = end.start if end else len(self._text)
            self._names[(name,)] = parameter.span(1)
            value[name] = self._value(name, begin, stop)
            at = stop + len("\n</parameter>\n")
        self._spans[()] = start, len(self._text)
        return value

    def _value(self, name: str, begin: int, end: int) -> Any:
        written = json_of(self._text[begin:end], self._types.get(name, UNTYPED))
        value = json.loads(written)
        if written == self._text[begin:end] and not isinstance(value, str):
            self._read(begin, (name,))
        self._spans[(name,)] = begin, end
        return value


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _repeated(items: list[Any]) -> int:
    """Return the first duplicate; 1 and 1.0 are equal, 1 and true are not."""
    seen: list[Any] = []
    for index, item in enumerate(items):
        marked = _marked(item)
        if marked in seen:
            return index
        seen.append(marked)
    return len(items) - 1


def _marked(value: Any) -> Any:
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, list):
        return [_marked(each) for each in value]
    if isinstance(value, dict):
        return {name: _marked(each) for name, each in value.items()}
    return value


def _names(kind: Any) -> list[str]:
    """Return the names that an object must not have."""
    if kind.name == "propertyNames":
        return [kind.error.instance]
    return list(getattr(kind, "unexpected", ()))
