"""The `qwen3mlx` command: one module per verb."""

from __future__ import annotations

import sys

from .interrupt import INTERRUPTED

__all__ = ["main"]


def main() -> None:
    """Run the command line in `sys.argv` and exit: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."""
    try:
        from .app import main as run  # takes time, in which Ctrl-C may be pressed

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
