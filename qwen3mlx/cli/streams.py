"""The standard streams of the process, made fit for use before anything is read or printed."""

from __future__ import annotations

import io
import os
import sys
from typing import Any


def prepare() -> None:
    """A stream that was closed is opened: stdin is empty, stdout takes nothing, stderr all.

    What is opened next would take its number otherwise, and get what is printed. A note that cannot
    be written never is a failure: stderr drops it.
    """
    # Opened for reading, stdout refuses what is written to it as a closed one does.
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            _open_null(number, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            raw = io.FileIO(number, mode, closefd=False)
            buffer = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
            setattr(sys, name, io.TextIOWrapper(buffer, "utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        notes = io.BufferedWriter(_Notes(sys.stderr.fileno(), "wb", closefd=False))
        encoding = sys.stderr.encoding
        sys.stderr = io.TextIOWrapper(notes, encoding, "replace", line_buffering=True)


def _open_null(number: int, flags: int) -> None:
    handle = os.open(os.devnull, flags)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


class _Notes(io.FileIO):
    """Drops what nobody takes: a full disk, a reader that has gone."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)
