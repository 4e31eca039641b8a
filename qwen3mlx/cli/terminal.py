"""The three streams of the process, and what may be done with them."""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

from .display import one_line

if TYPE_CHECKING:
    from rich.console import Console

NOTE_AFTER = 1.0
GIVE_UP_AFTER = 30.0


class Terminal(NamedTuple):
    """Injected wherever something is read or printed, so that tests need no process."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    @classmethod
    def standard(cls) -> Terminal:
        """Return the process's own streams."""
        return cls(sys.stdin, sys.stdout, sys.stderr)

    @property
    def can_chat(self) -> bool:
        return self.stdin.isatty() and self.stdout.isatty()

    @property
    def can_draw(self) -> bool:
        return self.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")

    @property
    def can_ask(self) -> bool:
        return self.stdin.isatty() and self.stderr.isatty()

    def note(self, text: str) -> None:
        """Print one line for the person, not for the program at the other end of a pipe."""
        print(one_line(text), file=self.stderr, flush=True)

    def ask(self, question: str, *, default: bool = True) -> bool:
        """Ask a yes-or-no question. An unclear answer means `default`; Ctrl-D means no."""
        choices = "[Y/n]" if default else "[y/N]"
        print(f"{one_line(question)} {choices} ", end="", file=self.stderr, flush=True)
        answer = self.stdin.readline()
        if default:
            return answer != "" and not answer.strip().lower().startswith("n")
        return answer.strip().lower().startswith("y")

    def choose(self, question: str, keys: str, *, default: str) -> str:
        """Ask for one of the letters in `keys`. An unclear answer, and Ctrl-D, mean `default`."""
        print(f"{one_line(question)} ", end="", file=self.stderr, flush=True)
        answer = self.stdin.readline().strip().lower()[:1]
        return answer if answer and answer in keys else default

    def console(self, stream: TextIO) -> Console:
        """Return a rich console on one of the streams; rich is imported only when needed."""
        from rich.console import Console

        return Console(file=stream, highlight=False, markup=False, emoji=False)

    def piped_text(self, *, optional: bool) -> str | None:
        """Return the text that was piped or redirected in, or None.

        With `optional`, a pipe that stays silent for half a minute is assumed to have been left
        open by a parent process, and is ignored.
        """
        if not _is_piped(self.stdin):
            return None
        if optional and not self._something_comes():
            return None
        data = self.stdin.buffer.read()
        return data.decode("utf-8", errors="replace").removeprefix("\ufeff")

    def _something_comes(self) -> bool:
        if select.select([self.stdin], [], [], NOTE_AFTER)[0]:
            return True
        self.note(
            "Waiting for the rest of the prompt on stdin (use `</dev/null` if there is none) ..."
        )
        if select.select([self.stdin], [], [], GIVE_UP_AFTER)[0]:
            return True
        self.note("Nothing arrived on stdin; answering the prompt alone.")
        return False


def _is_piped(stream: TextIO) -> bool:
    """Return True for a pipe, a socket or a file, and False for a terminal or /dev/null."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError, AttributeError, io.UnsupportedOperation):
        return False  # closed, or not a file at all
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode)
