"""`python -m qwen3mlx` runs the `qwen3mlx` command."""

from __future__ import annotations

import os
import sys


def _forget_current_folder() -> None:
    """Remove the entry that `-m` adds: a file there with a module's name would run instead."""
    current = os.getcwd()
    if sys.path[0] == current and not __file__.startswith(current + os.sep):
        del sys.path[0]


if __name__ == "__main__":
    _forget_current_folder()

    from .cli import main

    main()
