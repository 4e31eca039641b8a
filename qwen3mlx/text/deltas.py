"""The parts of a streamed answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of the reasoning, without markers and their newlines."""

    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of the visible answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of call number `index`, from 0; only the first piece has `id` and `name`.

    The `arguments` of all pieces, joined, are the JSON object as the model wrote it.
    """

    index: int
    id: str | None
    name: str | None
    arguments: str


TextDelta: TypeAlias = Reasoning | Content
Delta: TypeAlias = Reasoning | Content | ToolCallDelta


def merge(deltas: Iterable[Delta]) -> list[Delta]:
    """Merge neighbouring deltas of one kind, and drop empty texts."""
    merged: list[Delta] = []
    for delta in deltas:
        if not isinstance(delta, ToolCallDelta) and not delta.text:
            continue
        joined = _join(merged[-1], delta) if merged else None
        if joined is None:
            merged.append(delta)
        else:
            merged[-1] = joined
    return merged


def _join(last: Delta, new: Delta) -> Delta | None:
    if isinstance(last, Reasoning) and isinstance(new, Reasoning):
        return Reasoning(last.text + new.text)
    if isinstance(last, Content) and isinstance(new, Content):
        return Content(last.text + new.text)
    if not isinstance(last, ToolCallDelta) or not isinstance(new, ToolCallDelta):
        return None
    if last.index != new.index:
        return None
    return ToolCallDelta(last.index, last.id, last.name, last.arguments + new.arguments)
