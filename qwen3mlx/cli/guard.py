"""What a person sees when a verb fails: one line and an exit code, never a traceback."""

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

DEBUG = "QWEN3MLX_DEBUG"
_TRUE = ("1", "true", "yes", "on")
INTERRUPTED = 130  # 128 + SIGINT, as shells count


def guarded(verb: Callable[..., None]) -> Callable[..., None]:
    """`verb`, with its exceptions turned into exit codes; QWEN3MLX_DEBUG=1 lets them through."""

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
    """Around the whole command: what --help and --version cannot print is a failure, too."""
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
    """The error in one line that is safe to print."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "Standard output is closed."
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return one_line(f"{where}{error.strerror}.")
    return one_line(str(error) or type(error).__name__)


def _leave_threads_behind() -> None:
    """Exit at once if a download's threads still wait for a dead line: Python would join them."""
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _settle_stdout() -> None:
    """What a full disk does not take would fail again at exit, and change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    """The reader has gone; without this the interpreter complains when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
