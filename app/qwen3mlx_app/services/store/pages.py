"""Read the rows of a SQLite file page by page, whatever is broken in it.

SQLite reaches a page only through those above it. Here each page is read for itself, so that a
broken one costs only what it holds. Nothing in the file is run. See
https://www.sqlite.org/fileformat2.html for the format.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

Value = int | float | str | bytes | None

_MAGIC = b"SQLite format 3\0"
# The header of the file, which is in front of the first page's own.
_HEADER_BYTES = 100
_DEFAULT_PAGE = 4096
# Kinds of pages: of an index and of a table, inside its tree and at its leaves.
_INDEX, _TABLE, _INDEX_LEAF, _TABLE_LEAF = 2, 5, 10, 13
# Bytes of a log's header, and of the header of each page in it.
_LOG_HEADER, _FRAME_HEADER = 32, 24
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MAX_ROW = 256 * 1024**2


class BrokenPageError(Exception):
    """A page, or a row on it, is not what it has to be."""


@dataclass(frozen=True, slots=True)
class Row:
    """`values` are in the order of the table's columns; the `rowid` of its key column is NULL."""

    rowid: int
    values: tuple[Value, ...]


class Pages:
    """The pages of a file as they were last committed, also to the log beside it.

    Raises OSError if the file cannot be read.
    """

    def __init__(self, file: BinaryIO, log: BinaryIO | None) -> None:
        head = file.read(_HEADER_BYTES)
        is_whole = head.startswith(_MAGIC) and len(head) == _HEADER_BYTES
        size = int.from_bytes(head[16:18], "big") if is_whole else _DEFAULT_PAGE
        size = 65536 if size == 1 else size
        self._size = size if size in (2**power for power in range(9, 17)) else _DEFAULT_PAGE
        self._usable = self._size - (head[20] if is_whole and head[20] <= 32 else 0)
        self._file = file
        self._newer = _committed(log, self._size) if log is not None else {}
        in_file = math.ceil(os.fstat(file.fileno()).st_size / self._size)
        self._count = max([in_file, *self._newer])
        self._continued: set[int] = set()

    def rows(self) -> Iterator[Row]:
        """Every row of every table that can be read, in no order."""
        self._continued.clear()
        free = self._free()
        for number in range(1, self._count + 1):
            if number not in free:
                yield from self._rows(number)

    def keys(self, index: str) -> set[str] | None:
        """The first column of an index, where it is text; None if parts of it cannot be read."""
        found: set[str] = set()
        try:
            roots = self._roots()
            for page, kind, cells in self._tree(roots[index]) if index in roots else ():
                for place in cells:
                    start = place + 4 if kind == _INDEX else place
                    length, start = _varint(page, start)
                    first = _values(self._payload(page, start, length, _index_limit))[0]
                    if isinstance(first, str):
                        found.add(first)
        except (BrokenPageError, IndexError, ValueError):
            return None
        return found

    def _page(self, number: int) -> bytes:
        if number in self._newer:
            return self._newer[number]
        if not 1 <= number <= self._count:
            raise BrokenPageError(number)
        self._file.seek((number - 1) * self._size)
        return self._file.read(self._size).ljust(self._size, b"\0")

    def _free(self) -> set[int]:
        """The pages of deleted rows, as far as their list can be read."""
        page = self._page(1)
        free: set[int] = set()
        trunk = int.from_bytes(page[32:36], "big") if page.startswith(_MAGIC) else 0
        while 1 <= trunk <= self._count and trunk not in free:
            free.add(trunk)
            page = self._page(trunk)
            trunk, num_leaves = struct.unpack(">II", page[:8])
            num_leaves = min(num_leaves, self._size // 4 - 2)
            free.update(struct.unpack(f">{num_leaves}I", page[8 : 8 + 4 * num_leaves]))
        return free

    def _rows(self, number: int) -> Iterator[Row]:
        page = self._page(number)
        kind, cells = _cells(page, number)
        if kind != _TABLE_LEAF:
            return
        for place in cells:
            try:
                length, start = _varint(page, place)
                rowid, start = _varint(page, start)
                values = _values(self._payload(page, start, length, _table_limit))
            except (BrokenPageError, IndexError, ValueError):
                continue
            yield Row(rowid - 2**64 if rowid >= 2**63 else rowid, tuple(values))

    def _roots(self) -> dict[str, int]:
        """The first page of each table and index."""
        roots: dict[str, int] = {}
        for page, kind, cells in self._tree(1):
            for place in cells if kind == _TABLE_LEAF else ():
                length, start = _varint(page, place)
                _, start = _varint(page, start)
                _, name, _, root, *_ = _values(self._payload(page, start, length, _table_limit))
                if isinstance(name, str) and isinstance(root, int):
                    roots[name] = root
        return roots

    def _tree(self, root: int) -> Iterator[tuple[bytes, int, list[int]]]:
        """Each page of a table or index with its kind and the places of its cells."""
        left, seen = [root], set[int]()
        while left:
            number = left.pop()
            if number in seen:
                raise BrokenPageError(number)
            seen.add(number)
            page = self._page(number)
            kind, cells = _cells(page, number)
            if kind in (_INDEX, _TABLE):
                start = _HEADER_BYTES if number == 1 else 0
                left.append(int.from_bytes(page[start + 8 : start + 12], "big"))
                left += [int.from_bytes(page[place : place + 4], "big") for place in cells]
            elif kind not in (_INDEX_LEAF, _TABLE_LEAF):
                raise BrokenPageError(number)
            yield page, kind, cells

    def _payload(self, page: bytes, start: int, length: int, limit: Callable[[int], int]) -> bytes:
        """The bytes of a row, of which a long one has the rest on pages of its own."""
        if length > _MAX_ROW:
            raise BrokenPageError(length)
        usable = self._usable
        if length <= limit(usable):
            return page[start : start + length]
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= limit(usable) else least
        parts, left = [page[start : start + here]], length - here
        number = int.from_bytes(page[start + here : start + here + 4], "big")
        while left > 0:
            if number in self._continued:  # of another row: each page is read once
                raise BrokenPageError(number)
            self._continued.add(number)
            page = self._page(number)
            parts.append(page[4 : min(usable, 4 + left)])
            left -= usable - 4
            number = int.from_bytes(page[:4], "big")
        return b"".join(parts)


def _committed(log: BinaryIO, size: int) -> dict[int, bytes]:
    """The pages in a write-ahead log, up to its last whole transaction."""
    head = log.read(_LOG_HEADER)
    salt = head[16:24]
    committed: dict[int, bytes] = {}
    begun: dict[int, bytes] = {}
    while len(frame := log.read(_FRAME_HEADER)) == _FRAME_HEADER and frame[8:16] == salt:
        number, pages_after = struct.unpack(">II", frame[:8])
        page = log.read(size)
        if len(page) < size or not 0 < number < 2**31:
            break
        begun[number] = page
        if pages_after:
            committed.update(begun)
            begun = {}
    return committed


def _cells(page: bytes, number: int) -> tuple[int, list[int]]:
    """A page's kind, and where its cells begin."""
    start = _HEADER_BYTES if number == 1 else 0
    kind, count = page[start], int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + (12 if kind in (_INDEX, _TABLE) else 8)
    count = min(count, (len(page) - first) // 2)
    return kind, list(struct.unpack(f">{count}H", page[first : first + 2 * count]))


def _table_limit(usable: int) -> int:
    """The longest row of a table that is on its page as a whole."""
    return usable - 35


def _index_limit(usable: int) -> int:
    return (usable - 12) * 64 // 255 - 23


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """An integer of one to nine bytes, and the place after it."""
    value = 0
    for _ in range(8):
        byte = data[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    return value << 8 | data[place], place + 1


def _values(record: bytes) -> list[Value]:
    """The columns of a row. Raises BrokenPageError if they do not fill it."""
    end, place = _varint(record, 0)
    values: list[Value] = []
    content = end
    while place < end:
        kind, place = _varint(record, place)
        size = _INTEGERS.get(kind, 8 if kind == 7 else max(0, (kind - 12) // 2))
        if content + size > len(record):
            raise BrokenPageError("a column ends after its row")
        values.append(_value(kind, record[content : content + size]))
        content += size
    if place != end or content != len(record):
        raise BrokenPageError("the columns do not fill the row")
    return values


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind in _INTEGERS:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        (number,) = struct.unpack(">d", data)
        return float(number)
    if kind in (8, 9):
        return kind - 8
    if kind in (10, 11):
        raise BrokenPageError("reserved")
    if kind % 2 == 0:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data  # such as noise in a text; rows are checked later
