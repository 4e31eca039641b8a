"""The window's own settings: one small JSON file."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ..domain import AppSettings

_HINTS = get_type_hints(AppSettings)


class SettingsFile:
    """Written as a whole, so that it is never half there.

    A file that cannot be read, or a value that cannot be, is as good as not there: settings are not
    worth a question.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> AppSettings:
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return AppSettings()
        if not isinstance(values, dict):
            return AppSettings()
        return AppSettings(
            **{name: value for name, value in values.items() if _may_be(name, value)}
        )

    def write(self, settings: AppSettings) -> None:
        """Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(settings), indent=2, ensure_ascii=False)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise


def _may_be(name: str, value: Any) -> bool:
    hint = _HINTS.get(name)
    if hint is bool:
        return isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and 8 <= value <= 40
    if hint is str:
        return isinstance(value, str)
    if hint == str | None:
        return value is None or isinstance(value, str)
    return value in get_args(hint)
