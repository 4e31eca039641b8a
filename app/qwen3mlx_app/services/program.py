"""How the program starts itself as a child process."""

from __future__ import annotations

import sys

# `-m` would put the current folder on the import path: a file there with a module's name would
# run. `-P` forbids that from Python 3.11 on; this does on 3.10 as well.
_START = """\
import sys
sys.path[:] = [folder for folder in sys.path if folder]
from {module} import main
main()
"""


def program_of(module: str) -> tuple[str, ...]:
    """The command that calls `main` of a module of ours."""
    return (sys.executable, "-c", _START.format(module=module))


PROGRAM = program_of("qwen3mlx.cli")
