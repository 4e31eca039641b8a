"""Progress and warnings of a running job, as plain values that programs can read too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Phase = Literal[
    "generating",
    "measuring sensitivity",
    "tuning",
    "converting",
    "verifying",
    "loading",
    "evaluating",
    "comparing weights",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a phase, and the current item, such as a module's path.

    The units are tokens, modules, weights, bytes or documents, depending on the phase.
    """

    phase: Phase
    done: int
    total: int
    item: str = ""


@dataclass(frozen=True, slots=True)
class JobWarning:
    """One sentence about something that does not stop the job."""

    message: str


Event: TypeAlias = Progress | JobWarning
OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Ignore an event, for callers that want none."""
