"""One question and everything the assistant does until it is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A tool call: the name and the arguments in schema order."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One assistant message, and the tool results that came back if it made calls."""

    thought: str
    content: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[str, ...] = ()
    # The answer when there was no room to think; the same unless a skill says otherwise.
    direct: str | None = None
    # What a grammar writes of the content, and so is not learned: where these match.
    given: re.Pattern[str] | None = None

    def answer(self, thinking: bool) -> str:
        return self.content if thinking or self.direct is None else self.direct


@dataclass(frozen=True)
class Exchange:
    """A user's message and the steps that answer it; the last step makes no calls."""

    user: str
    steps: tuple[Step, ...]
    tools: tuple[dict[str, Any], ...] = ()
    system: str | None = None
    skill: str = field(default="")


def answered(user: str, thought: str, content: str, direct: str | None = None) -> Exchange:
    """An exchange without tools."""
    return Exchange(user, (Step(thought, content, direct=direct),))
