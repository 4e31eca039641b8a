"""Work on what others wrote, in a child process that can be ended when it takes too long.

Parsers and lexers have inputs on which they never end, or take all memory; a thread could not be
stopped, and holds the interpreter meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

# The first argument with which the program runs one of its child modules.
_RUN_CHILD = "--run-child"


def child_command(program: Sequence[str], module: str) -> tuple[str, ...]:
    """Return what starts `module`; `program` is the command that starts `qwen3mlx`."""
    return (*program, _RUN_CHILD, module)


class Child:
    """A program that calls `serve`; started with the first question.

    For one thread, which waits for the answers.
    """

    def __init__(self, command: Sequence[str], patience: float) -> None:
        """`patience`: seconds for an answer."""
        self._command = command
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None

    def ask(self, question: Any) -> Any:
        """The answer; None where there is none in time, or the process ended."""
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(self._patience, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:  # it is gone
            line = ""
        finally:
            timer.cancel()
            timer.join()
        if not line.endswith("\n"):
            self.close()
            return None
        return json.loads(line)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )


def serve(answer: Callable[[Any], Any], *, memory: int) -> None:
    """In the child: answers each line of stdin; `memory` bytes are all that it gets."""
    _limit(memory)
    for line in sys.stdin:
        try:
            told = answer(json.loads(line))
        except (MemoryError, RecursionError):
            told = None
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _limit(memory: int) -> None:
    """As far as the system keeps to it: a Mac does not."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
