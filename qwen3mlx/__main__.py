"""`python -m qwen3mlx` runs the `qwen3mlx` command; a frozen bundle starts here, too."""

import os
import sys


def main() -> None:
    """Run the child that the arguments name, or else the command line."""
    from .child_process import RUN_CHILD, run_child

    if sys.argv[1:2] == [RUN_CHILD]:
        return run_child(sys.argv[2:])
    from .cli import main as run_command

    run_command()
    return None


def _forget_current_folder() -> None:
    """Remove the entry that `-m` adds: a file there with a module's name would run instead."""
    current = os.getcwd()
    if sys.path[0] == current and not __file__.startswith(current + os.sep):
        del sys.path[0]


if __name__ == "__main__":
    if not getattr(sys, "frozen", False):
        _forget_current_folder()
    main()
