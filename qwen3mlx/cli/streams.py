"""Prepare the process's standard streams before anything is read or printed."""

from __future__ import annotations

import io
import os
import select
import stat
import sys
import time
from typing import Any

# Seconds that a reader may take to catch up, once; and the bytes that any writable pipe accepts.
_PATIENCE = 0.1
_PIECE = select.PIPE_BUF


def prepare() -> None:
    """Open the streams that were closed: stdin is empty, stdout rejects writes, stderr discards
    them.

    Otherwise the next file opened would take the descriptor and receive what is printed. Failing to
    write a note is never an error, and nothing waits for a reader of notes: stderr drops them.
    """
    # Opened for reading, stdout rejects writes just as a closed one does.
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
        notes = io.BufferedWriter(_Notes(sys.stderr.fileno()))
        encoding = sys.stderr.encoding
        sys.stderr = io.TextIOWrapper(notes, encoding, "replace", line_buffering=True)


def _open_null(number: int, flags: int) -> None:
    handle = os.open(os.devnull, flags)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


class _Notes(io.FileIO):
    """A stderr that never fails and hardly ever waits: notes that cannot be written are dropped.

    This covers a reader that has stopped or gone, and a full disk. Once writing works again, a line
    says how many were dropped.
    """

    _num_dropped = 0

    def __init__(self, number: int) -> None:
        super().__init__(number, "wb", closefd=False)
        self._is_file = stat.S_ISREG(os.fstat(number).st_mode)

    def write(self, data: Any) -> int:
        text = bytes(data)
        patience = 0.0 if self._num_dropped else _PATIENCE
        if self._num_dropped:
            note = f"\n({self._num_dropped} lines were dropped here: they could not be written.)\n"
            if self._put(note.encode(), patience) == len(note):
                self._num_dropped = 0
        taken = 0 if self._num_dropped else self._put(text, patience)
        if rest := text[taken:]:
            self._num_dropped += rest.count(b"\n") or 1
        return len(text)

    def _put(self, text: bytes, patience: float) -> int:
        """Write as much as is accepted and return its length. A ready pipe takes a PIECE without
        blocking.
        """
        taken, end = 0, time.monotonic() + patience
        try:
            while taken < len(text):
                if self._is_file:
                    taken += super().write(text[taken:]) or 0
                elif select.select([], [self], [], max(0.0, end - time.monotonic()))[1]:
                    taken += super().write(text[taken : taken + _PIECE]) or 0
                else:
                    break
        except OSError:
            pass
        return taken
