"""The window's settings file, a small JSON file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ..domain import AppSettings
from .files import read_json, write_file
from .links import is_web_address
from .private import make_folder
from .values import an_object, text

_HINTS = get_type_hints(AppSettings)
# The most characters of a text and texts of a list; the largest coordinate.
_MAX_TEXT, _FAR = 1000, 100_000


class SettingsFile:
    """Written atomically, so that it is never incomplete.

    A file or value that is invalid is ignored: settings are not
    worth a question.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> AppSettings:
        values = {name: _hashable(value) for name, value in an_object(read_json(self.path)).items()}
        return AppSettings(
            **{name: value for name, value in values.items() if _may_be(name, value)}
        )

    def write(self, settings: AppSettings) -> None:
        """Raises OSError."""
        written = json.dumps(dataclasses.asdict(settings), indent=2, ensure_ascii=False)
        make_folder(self.path.parent)
        write_file(self.path, (written + "\n").encode("utf-8", "replace"))


def _hashable(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(value) if isinstance(value, list) else value


def _may_be(name: str, value: Any) -> bool:
    hint = _HINTS.get(name)
    if name in _CHECKS:
        return _CHECKS[name](value)
    if hint is bool:
        return isinstance(value, bool)
    if hint == str | None:
        return value is None or _is_text(value)
    return isinstance(value, str) and value in get_args(hint)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT and value == text(value)


def _are_numbers(value: Any, least: int, most: int) -> bool:
    return all(type(one) is int and least <= one <= most for one in value)


def _is_place(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 4 and _are_numbers(value, -_FAR, _FAR)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) <= _MAX_TEXT and all(map(_is_text, value))


# Checks beyond the type.
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "font_size": lambda value: _are_numbers([value], 8, 40),
    "hub_mirror": lambda value: value == "" or (_is_text(value) and is_web_address(value)),
    "place": lambda value: value is None or _is_place(value),
    "sidebar_width": lambda value: value is None or _are_numbers([value], 0, _FAR),
    "folded": _are_texts,
}
