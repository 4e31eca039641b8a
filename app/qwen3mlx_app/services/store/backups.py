"""Copies of the database, in a folder beside it: each whole, checked, and one file."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from ..files import is_odd, put_aside
from ..private import make_file, make_folder
from .defence import defend
from .schema import NewerSchemaError, refuse_newer

Kind = Literal["daily", "upgrade", "restore", "rescue"]
# How many of each kind are kept.
KEPT: dict[Kind, int] = {"daily": 7, "upgrade": 3, "restore": 3, "rescue": 3}
_NAME = re.compile(rf"(.+)-({'|'.join(get_args(Kind))})-(\d{{8}}-\d{{6}})\.sqlite", re.ASCII)
_MOMENT = "%Y%m%d-%H%M%S"
_SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """`kind`: made each day, before the schema changed, before another backup was put back, or the
    last one from before the database was damaged.
    """

    path: Path
    kind: Kind
    made_at: datetime
    num_conversations: int


def backup_folder(database: Path) -> Path:
    return database.parent / "backups"


def make_backup(database: Path, kind: Kind) -> Path:
    """Copy the database as it is now, from any thread; the oldest copies of its kind go.

    What is found broken is no copy. Raises OSError and sqlite3.Error; then nothing has changed.
    """
    folder = backup_folder(database)
    if is_odd(folder) and not _is_folder(folder):
        put_aside(folder)  # a link would lead elsewhere
    make_folder(folder)
    make_room(database)
    path = _free_name(database, kind, _next_moment(database, kind))
    with _part(folder / f".{path.name}.part") as part:
        with closing(_for_reading(database)) as source, closing(sqlite3.connect(part)) as copy:
            defend(copy)
            source.backup(copy)  # at once: in steps, it would start again after each write
            copy.execute("PRAGMA journal_mode = DELETE")  # nothing beside it is needed
            _check(copy)
        os.replace(part, path)
    _prune(database, kind)
    return path


def is_due(database: Path) -> bool:
    """Whether there is no copy of today, and something to copy: nothing must not replace it."""
    today = datetime.now().date()
    is_made = any(made_at.date() == today for made_at, _ in _found(database, "daily"))
    return not is_made and bool(_num_conversations(database))


def keep_last(database: Path) -> datetime | None:
    """Set the latest daily copy apart: the database was damaged. Returns when it was made."""
    for made_at, path in _found(database, "daily"):
        path.rename(_free_name(database, "rescue", made_at))
        _prune(database, "rescue")
        return made_at
    return None


def backups(database: Path) -> list[Backup]:
    """Those that can be put back, the latest first."""
    listed = []
    for kind in KEPT:
        for made_at, path in _found(database, kind):
            count = _num_conversations(path)
            if count is not None:
                found = Backup(path=path, kind=kind, made_at=made_at, num_conversations=count)
                listed.append(found)
    return sorted(listed, key=lambda one: one.made_at, reverse=True)


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A file that is being made; what is left of it goes."""
    try:
        path.unlink(missing_ok=True)
        make_file(path)
        yield path
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def make_room(database: Path) -> None:
    """Raise OSError where a copy would leave less room than it takes: others write, too."""
    files = (database, database.with_name(f"{database.name}-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    if shutil.disk_usage(database.parent).free < 2 * size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _prune(database: Path, kind: Kind) -> None:
    for _, old in _found(database, kind)[KEPT[kind] :]:
        old.unlink(missing_ok=True)


def _next_moment(database: Path, kind: Kind) -> datetime:
    """Now, or just after the latest copy: the oldest by their names go."""
    now = datetime.now()
    made = (made_at for made_at, _ in _found(database, kind) if made_at < now + _SOON)
    latest = next(made, None)
    return now if latest is None else max(now, latest + timedelta(seconds=1))


def _free_name(database: Path, kind: Kind, moment: datetime) -> Path:
    while True:
        name = f"{database.stem}-{kind}-{moment:{_MOMENT}}.sqlite"
        path = backup_folder(database) / name
        if not os.path.lexists(path):
            return path
        moment += timedelta(seconds=1)


def _found(database: Path, kind: Kind) -> list[tuple[datetime, Path]]:
    """The copies of a kind, the latest first, by their names: a file's own date changes easily.

    Those of the future, made while the clock was wrong, come last.
    """
    found, soon = [], datetime.now() + _SOON
    for path in backup_folder(database).glob(f"*-{kind}-*.sqlite"):
        name = _NAME.fullmatch(path.name)
        if name is not None and name[1] == database.stem and not is_odd(path):
            try:
                found.append((datetime.strptime(name[3], _MOMENT), path))
            except ValueError:
                continue  # no such day
    return sorted(found, key=lambda one: (one[0] < soon, *one), reverse=True)


def _for_reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {verdict}")


def _num_conversations(path: Path) -> int | None:
    """How many conversations a database has, or None if it cannot be put back."""
    try:
        with closing(_for_reading(path)) as connection:
            defend(connection)
            refuse_newer(connection)
            kind = "SELECT type FROM sqlite_master WHERE name = 'conversations'"
            if [tuple(row) for row in connection.execute(kind)] != [("table",)]:
                return None  # a view could compute for ever
            query = "SELECT count(*) FROM conversations WHERE deleted_at IS NULL"
            (count,) = connection.execute(query).fetchone()
            return int(count)
    except (sqlite3.Error, NewerSchemaError, UnicodeDecodeError):
        return None
