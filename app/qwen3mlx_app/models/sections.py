"""Conversations under headings: pinned, by folder, and by when they were last used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QMimeData, QObject, Qt

from ..domain import Conversation, Folder
from ..services.plain import one_line
from .list_model import ListModel

translate = QCoreApplication.translate

HeadingKind = Literal["pinned", "folder", "today", "yesterday", "week", "month", "earlier"]
# MIME type of dragged conversations: a JSON list of ids.
DRAGGED = "application/x-qwen3mlx-conversations"
# The number of days that each heading goes back.
_DAYS: dict[HeadingKind, int] = {"today": 0, "yesterday": 1, "week": 7, "month": 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`month` is the first day of the month of an `earlier` heading."""

    kind: HeadingKind
    num_below: int = 0
    is_folded: bool = False
    folder: Folder | None = None
    month: date | None = None

    @property
    def key(self) -> str:
        if self.folder is not None:
            return folder_key(self.folder.id)
        return f"{self.kind} {self.month:%Y-%m}" if self.month else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A conversation, with the key and kind of the heading above it.

    `is_busy`: it has a running answer.
    """

    conversation: Conversation
    heading: str
    kind: HeadingKind
    is_busy: bool = False


SidebarRow = Heading | Line


class SidebarModel(ListModel[SidebarRow]):
    """Conversations can be selected, renamed and dragged, folders renamed, and both dropped on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_key, row_text, parent)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole and index.isValid():
            return _spoken(self.value(index.row()))
        return super().data(index, role)

    def flags(self, index: Any) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        row, common = self.value(index.row()), flag.ItemIsEnabled | flag.ItemIsDropEnabled
        if isinstance(row, Line):
            return common | flag.ItemIsSelectable | flag.ItemIsEditable | flag.ItemIsDragEnabled
        return common | flag.ItemIsEditable if row.folder else common

    def mimeTypes(self) -> list[str]:
        return [DRAGGED]

    def mimeData(self, indexes: Sequence[Any]) -> QMimeData:
        rows = [self.value(index.row()) for index in indexes]
        data = QMimeData()
        ids = [row.conversation.id for row in rows if isinstance(row, Line)]
        data.setData(DRAGGED, json.dumps(ids).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def heading_of(self, row: SidebarRow) -> Heading:
        """The row itself if it is a heading, else the heading above it."""
        heading = row if isinstance(row, Heading) else self.find(row.heading)
        assert isinstance(heading, Heading)
        return heading


def dragged(data: QMimeData) -> list[str]:
    """The ids of the dragged conversations; none if something else is dragged."""
    if not data.hasFormat(DRAGGED):
        return []
    try:  # another program may use this MIME type for anything
        given = json.loads(bytes(data.data(DRAGGED).data()))
    except (ValueError, RecursionError):
        return []
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def folder_key(folder_id: str) -> str:
    return f"folder {folder_id}"


def row_text(row: SidebarRow) -> str:
    """The text of a row."""
    if isinstance(row, Line):
        return one_line(row.conversation.title) or translate("sections", "Untitled")
    if row.folder is not None:
        return one_line(row.folder.name)
    if row.month is not None:
        day = QDate(row.month.year, row.month.month, 1)
        return QLocale().toString(day, translate("sections", "MMMM yyyy"))
    return {
        "pinned": translate("sections", "Pinned"),
        "today": translate("sections", "Today"),
        "yesterday": translate("sections", "Yesterday"),
        "week": translate("sections", "Previous 7 Days"),
        "month": translate("sections", "Previous 30 Days"),
    }[row.kind]


def _spoken(row: SidebarRow) -> str:
    """The text for screen readers, with what the row shows as marks."""
    text = row_text(row)
    if isinstance(row, Line):
        busy = translate("sections", "{title}, generating")
        return busy.format(title=text) if row.is_busy else text
    if row.is_folded:
        folded = translate("sections", "{heading}, collapsed, conversations: {count}")
        return folded.format(heading=text, count=row.num_below)
    return text


def sidebar_rows(
    conversations: Sequence[Conversation],
    folders: Iterable[Folder],
    *,
    folded: frozenset[str],
    busy: frozenset[str],
    today: date,
) -> list[SidebarRow]:
    """Every conversation once, in the given order below its heading; `folded` holds keys.

    The given order is the last used first. A folder is there without conversations too. One that is
    pinned stands with the pinned.
    """
    pinned, calendar = Heading(kind="pinned"), _Calendar(today)
    places = {folder.id: Heading(kind="folder", folder=folder) for folder in folders}
    groups: dict[Heading, list[Conversation]] = {pinned: [], **{one: [] for one in places.values()}}
    for one in conversations:
        heading = pinned if one.pinned else places.get(one.folder_id or "")
        heading = heading or calendar.heading(one.updated_at)
        groups.setdefault(heading, []).append(one)
    rows: list[SidebarRow] = []
    for heading, members in groups.items():
        key = heading.key
        if members or heading.folder is not None:
            rows.append(replace(heading, num_below=len(members), is_folded=key in folded))
        if key not in folded:
            rows += [
                Line(conversation=one, heading=key, kind=heading.kind, is_busy=one.id in busy)
                for one in members
            ]
    return rows


def _key(row: SidebarRow) -> str:
    """A heading's key, or a conversation's id."""
    return row.key if isinstance(row, Heading) else row.conversation.id


class _Calendar:
    """The headings for points in time, seen from `today`."""

    def __init__(self, today: date) -> None:
        self._starts = [
            (_midnight(today - timedelta(days)), Heading(kind=kind)) for kind, days in _DAYS.items()
        ]
        self._month = (0.0, 0.0, Heading(kind="earlier"))

    def heading(self, moment: float) -> Heading:
        for start, heading in self._starts:
            if moment >= start:
                return heading
        start, end, heading = self._month
        if not start <= moment < end:  # most neighbors share a month
            first = datetime.fromtimestamp(moment).date().replace(day=1)
            after = (first + timedelta(31)).replace(day=1)
            heading = Heading(kind="earlier", month=first)
            self._month = (_midnight(first), _midnight(after), heading)
        return heading


def _midnight(day: date) -> float:
    return datetime.combine(day, time.min).timestamp()
