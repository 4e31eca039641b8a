"""Conversations under headings: pinned, by folder, and by when they were last used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ..domain import Conversation, Folder

HeadingKind = Literal["pinned", "folder", "today", "yesterday", "week", "month", "earlier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`month` is the first day of an `earlier` one's month, `folder` that of a `folder` one."""

    kind: HeadingKind
    num_below: int
    is_folded: bool = False
    folder: Folder | None = None
    month: date | None = None

    @property
    def key(self) -> str:
        if self.folder is not None:
            return f"folder {self.folder.id}"
        return f"{self.kind} {self.month:%Y-%m}" if self.month else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`is_busy`: an answer is written in it."""

    conversation: Conversation
    is_busy: bool = False


SidebarRow = Heading | Line


def key_of(row: SidebarRow) -> str:
    """A line's is its conversation's id."""
    return row.key if isinstance(row, Heading) else row.conversation.id


def sidebar_rows(
    conversations: Sequence[Conversation],
    folders: Iterable[Folder],
    *,
    folded: frozenset[str],
    busy: frozenset[str],
    today: date,
) -> list[SidebarRow]:
    """Every conversation once, in the given order below its heading; `folded` holds keys.

    A folder is there without conversations too. One that is pinned stands with the pinned.
    """
    groups: dict[str, tuple[Heading, list[Conversation]]] = {}
    pinned = Heading(kind="pinned", num_below=0)
    places = {folder.id: Heading(kind="folder", num_below=0, folder=folder) for folder in folders}
    for place in (pinned, *places.values()):
        groups[place.key] = (place, [])
    for one in conversations:
        heading = pinned if one.pinned else places.get(one.folder_id or "")
        heading = heading or _by_time(datetime.fromtimestamp(one.updated_at).date(), today)
        groups.setdefault(heading.key, (heading, []))[1].append(one)
    rows: list[SidebarRow] = []
    for heading, members in groups.values():
        if members or heading.folder is not None:
            rows += _group(heading, members, folded, busy)
    return rows


def _group(
    heading: Heading,
    members: list[Conversation],
    folded: frozenset[str],
    busy: frozenset[str],
) -> list[SidebarRow]:
    is_folded = heading.key in folded
    first = Heading(
        kind=heading.kind,
        num_below=len(members),
        is_folded=is_folded,
        folder=heading.folder,
        month=heading.month,
    )
    if is_folded:
        return [first]
    return [first, *(Line(conversation=one, is_busy=one.id in busy) for one in members)]


def _by_time(day: date, today: date) -> Heading:
    days = (today - day).days
    if days <= 0:
        return Heading(kind="today", num_below=0)
    if days == 1:
        return Heading(kind="yesterday", num_below=0)
    if days <= 7:
        return Heading(kind="week", num_below=0)
    if days <= 30:
        return Heading(kind="month", num_below=0)
    return Heading(kind="earlier", num_below=0, month=day.replace(day=1))
