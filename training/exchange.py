"""One question, and everything the assistant does until it is answered."""

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
    # The answer without a thought; identical unless a skill overrides it.
    direct: str | None = None
    # Matches the parts of the content that a grammar writes, which are not learned.
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
    """Return an exchange without tools."""
    return Exchange(user, (Step(thought, content, direct=direct),))
