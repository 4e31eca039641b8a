"""Turn a verb's failure into one line and an exit code, never a traceback."""

from __future__ import annotations

import errno
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from ..errors import Qwen3MLXError, UsageError
from .display import one_line
from .interrupt import INTERRUPTED

DEBUG = "QWEN3MLX_DEBUG"
_TRUE = ("1", "true", "yes", "on")


def guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """Wrap `verb`: its exceptions become exit codes, unless QWEN3MLX_DEBUG=1."""

    @functools.wraps(verb)
    def run_verb(*args: object, **kwargs: object) -> None:
        try:
            verb(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _leave_threads_behind()
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _abandon_stdout()
            raise typer.Exit(1) from None
        except (Qwen3MLXError, OSError) as error:
            if os.environ.get(DEBUG, "").lower() in _TRUE:
                raise
            print(f"qwen3mlx: {describe(error)}", file=sys.stderr)
            _settle_stdout()
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None

    return run_verb


@contextmanager
def printed() -> Iterator[None]:
    """Wrap the whole command, so that a failure to print --help or --version is reported too."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(f"qwen3mlx: {describe(error)}", file=sys.stderr)
        _abandon_stdout()
        sys.exit(1)


def describe(error: Exception) -> str:
    """Describe the error in one line that is safe to print."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "Standard output is closed."
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return one_line(f"{where}{error.strerror}.")
    return one_line(str(error) or type(error).__name__)


def _leave_threads_behind() -> None:
    """Exit at once if download threads are still blocked on a dead connection: Python would join
    them.
    """
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _settle_stdout() -> None:
    """Discard unwritable output: a full disk would fail again at exit and change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    """Replace stdout once its reader has gone: the interpreter's flush at exit would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
