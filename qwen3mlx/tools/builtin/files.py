"""Reading and searching files in folders that the user has allowed.

Every path is resolved first, so that neither `..` nor a link leads out of them.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...quoting import printable, quoted, shortened, size_text
from .made import BuiltIn, ToolFault

# Bytes of a file that is read or searched, and of it that one call returns.
LARGEST, MOST_RETURNED = 64 << 20, 1 << 20
# Files that are looked at, entries and lines that are told, and seconds for a search.
MOST_FILES, MOST_TOLD, PATIENCE = 50_000, 200, 20.0
_PATH = {"type": "string", "maxLength": 4000}


def file_tools(folders: Sequence[Path]) -> list[BuiltIn]:
    """The tools for files in these folders; none if there are none."""
    if not folders:
        return []
    files = Files(folders)
    where = f"in {', '.join(map(str, folders))}"
    path = {**_PATH, "description": "A whole path, or one within an allowed folder."}
    return [
        BuiltIn(
            name="list_files",
            description=f"List the files and folders {where}.",
            properties={"path": path},
            required=(),
            work=files.listed,
        ),
        BuiltIn(
            name="read_file",
            description=f"Read a text file {where}.",
            properties={
                "path": path,
                "start_line": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Begin at this line, to read on in a long file.",
                },
            },
            required=("path",),
            work=files.read,
        ),
        BuiltIn(
            name="search_files",
            description=f"Find the lines that contain a text, and names of files, {where}.",
            properties={
                "text": {"type": "string", "minLength": 1, "maxLength": 500},
                "path": {**path, "description": "Only in this folder."},
            },
            required=("text",),
            work=files.search,
        ),
    ]


class Files:
    """The files in `folders`, which are whole paths."""

    def __init__(
        self, folders: Sequence[Path], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._clock = clock

    def listed(self, arguments: Mapping[str, Any]) -> str:
        """The entries of a folder, folders with a slash."""
        if "path" not in arguments:
            return "\n".join(f"{folder}/" for folder in self._folders)
        folder = self._resolved(arguments["path"])
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise ToolFault(f"{quoted(str(folder))}: {error.strerror}.") from None
        told = [printable(entry.name) + "/" * entry.is_dir() for entry in entries[:MOST_TOLD]]
        more = len(entries) - len(told)
        return "\n".join([*told, f"(And {more} more.)"][: len(told) + bool(more)]) or "(Empty.)"

    def read(self, arguments: Mapping[str, Any]) -> str:
        """The text of a file from the line `start_line` on."""
        path = self._resolved(arguments["path"])
        lines = self._text(path).split("\n")
        start = arguments.get("start_line", 1)
        if start > len(lines):
            raise ToolFault(f"The file has only {len(lines):,} lines.")
        text = "\n".join(lines[start - 1 :])
        if len(text) <= MOST_RETURNED:
            return text or "(The file is empty.)"
        kept = text[:MOST_RETURNED]
        return f"{kept}\n\n(Cut: read on at line {start + kept.count(chr(10))}.)"

    def search(self, arguments: Mapping[str, Any]) -> str:
        """`path:line: text` for each line that contains the text, whatever its case."""
        wanted, deadline = arguments["text"].casefold(), self._clock() + PATIENCE
        roots = [self._resolved(arguments["path"])] if "path" in arguments else self._folders
        told: list[str] = []
        for number, path in enumerate(path for root in roots for path in _walk(root)):
            if number >= MOST_FILES or self._clock() > deadline or len(told) >= MOST_TOLD:
                told.append("(There may be more: search in one folder, or for a longer text.)")
                break
            told += self._found(path, wanted)[: MOST_TOLD - len(told)]
        return "\n".join(told) or "(Nothing was found.)"

    def _found(self, path: Path, wanted: str) -> list[str]:
        name = printable(str(path))
        told = [name] if wanted in path.name.casefold() else []
        try:
            text = self._text(self._resolved(str(path)))
        except ToolFault:  # no text, or a link that leads elsewhere
            return told
        if wanted not in text.casefold():
            return told
        return told + [
            f"{name}:{number}: {shortened(line.strip())}"
            for number, line in enumerate(text.split("\n"), 1)
            if wanted in line.casefold()
        ]

    def _resolved(self, given: str) -> Path:
        """The path itself, which lies in an allowed folder."""
        path = Path(given).expanduser() if given.startswith("~/") else Path(given)
        for folder in self._folders:
            try:
                whole = (folder / path).resolve(strict=True)
            except (OSError, ValueError, RuntimeError):  # there is none, a NUL, a loop of links
                continue
            if any(whole.is_relative_to(each) for each in self._folders):
                return whole
        allowed = ", ".join(map(str, self._folders))
        raise ToolFault(f"There is no {quoted(given)} in the folders that may be read: {allowed}.")

    def _text(self, path: Path) -> str:
        """Raises ToolFault for what is no regular file, too large, or no text."""
        name = quoted(str(path))
        try:
            # Nothing is waited for: a pipe or a device would never end.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise ToolFault(f"{name} is no file.")
                if status.st_size > LARGEST:
                    size = size_text(status.st_size)
                    raise ToolFault(f"{name} is too large: {size}, at most {size_text(LARGEST)}.")
                data = file.read(LARGEST)
        except OSError as error:
            raise ToolFault(f"{name} cannot be read: {error.strerror}.") from None
        if b"\0" in data[:8192]:
            raise ToolFault(f"{name} is no text: it is a binary file of {size_text(len(data))}.")
        return data.decode("utf-8", "replace")


def _walk(root: Path) -> Iterator[Path]:
    """The files below a folder in order, or the file itself. Links to folders are not followed."""
    if not root.is_dir():
        yield root
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            yield Path(folder, name)
