"""Every field that known clients send, and what it does here: the table in `fields.toml`.

The model of a body declares the fields that are supported. For undeclared fields, the table says
which would change the answer: they are refused by name or, if they are only a hint, left out with a
warning. Fields of unknown APIs are ignored. docs/api/fields.md is generated from the same table.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ....errors import InvalidRequestError
from ....request_warnings import warn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Meaning = Literal["supported", "refused", "left-out", "no-effect"]
PATH = Path(__file__).with_name("fields.toml")
# Values of a refused field that request nothing, unless its row lists others.
_OFF: tuple[Any, ...] = (False, "", [], {})


class Row(NamedTuple):
    """One field. `of` names the APIs that have it; `send` is a value that has an effect.

    `off` are the values, besides null, that request nothing.
    """

    name: str
    meaning: Meaning
    of: str
    note: str
    send: Any
    off: tuple[Any, ...] = _OFF

    def asks(self, value: Any) -> bool:
        """Whether `value` requests something."""
        return value is not None and not any(
            value == off and isinstance(value, bool) == isinstance(off, bool) for off in self.off
        )


class Section(NamedTuple):
    """The fields of one object in a body.

    `within` is its path: "" for the body itself, `messages[]` for each member of a list.
    """

    within: str
    rows: Mapping[str, Row]


class Endpoint(NamedTuple):
    """An endpoint, and the sections that its body consists of."""

    name: str
    paths: tuple[str, ...]
    sections: tuple[Section, ...]


@lru_cache(maxsize=1)
def sections() -> Mapping[str, Section]:
    """All sections by name."""
    return {name: _section(content) for name, content in _file().items() if name != "endpoints"}


def endpoints() -> list[Endpoint]:
    """All endpoints, in the order of the documentation."""
    known = sections()
    return [
        Endpoint(
            name=name,
            paths=tuple(facts["paths"]),
            sections=tuple(known[section] for section in facts["sections"]),
        )
        for name, facts in _file()["endpoints"].items()
    ]


def _file() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text("utf-8"))


def _section(content: Mapping[str, Any]) -> Section:
    meanings: tuple[Meaning, ...] = ("supported", "refused", "left-out", "no-effect")
    rows = {
        field: _row(field, meaning, facts)
        for meaning in meanings
        for field, facts in content.get(meaning, {}).items()
    }
    return Section(within=content.get("within", ""), rows=rows)


def _row(name: str, meaning: Meaning, facts: Mapping[str, Any]) -> Row:
    return Row(
        name=name,
        meaning=meaning,
        of=facts["of"],
        note=facts.get("note", ""),
        send=facts.get("send"),
        off=tuple(facts.get("off", _OFF)),
    )


def refuse_unheard(
    names: Collection[str],
    section_names: Collection[str],
    given: Mapping[str, Any],
    *,
    where: str | None = None,
) -> None:
    """Raises InvalidRequestError if one of the undeclared `names` would change the answer.

    Warns of fields that are only a hint. `where` is the path of `given` in the body, if it differs
    from the section's.
    """
    for section in map(sections().__getitem__, section_names):
        for name in names:
            row = section.rows.get(name)
            if row is None or not row.asks(given[name]):
                continue
            param = f"{section.within if where is None else where}.{name}".lstrip(".")
            if row.meaning == "left-out":
                warn(f"{param} was left out: {row.note}.")
            elif row.meaning == "refused":
                raise InvalidRequestError(f"{param} is not supported: {row.note}.", param=param)
