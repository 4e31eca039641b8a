"""Arguments of a tool call as the JSON text they came in, and as the object it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Arguments(dict[str, Any]):
    """An object for templates that go through its members; where it is written, its own `text`.

    Templates write arguments as they are, join them to strings, or ask for JSON of them. With the
    text kept, `1.50` stays `1.50`, and what a model wrote is found in the prefix cache again.
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
    """The text itself where it is no JSON object."""
    try:
        members = json.loads(text)
        json.dumps(members, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return Arguments(members, text) if isinstance(members, dict) else text
