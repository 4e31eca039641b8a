"""A tool call's arguments: the original JSON text, and the object it represents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Arguments(dict[str, Any]):
    """An object for templates that look into it; rendered, it is its own `text`.

    Templates write arguments as they are, join them to strings, or serialize them to JSON. Keeping
    the text means that `1.50` stays `1.50`, and that what a model wrote hits the prefix cache
    again.
    """

    def __init__(self, members: Mapping[str, Any], text: str) -> None:
        super().__init__(members)
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: str) -> str:
        return self.text + other

    def __radd__(self, other: str) -> str:
        return other + self.text


def read_arguments(text: str) -> Arguments | str:
    """Return the arguments, or the text itself if it is not a JSON object."""
    try:
        members = json.loads(text)
        json.dumps(members, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return Arguments(members, text) if isinstance(members, dict) else text
