"""How the program starts itself: as a whole, or as a child that handles untrusted input."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

# As the first argument, it makes the program run `main` of the module that the second one names.
RUN_CHILD = "--run-child"
# No other module is run, whoever starts the program.
CHILDREN = (
    "qwen3mlx.grammar.child",
    "qwen3mlx.ranks.rank",
    "qwen3mlx.text.templates.worker",
    "qwen3mlx.tools.builtin.page_text",
    "qwen3mlx.tools.builtin.python_code",
    "qwen3mlx.tools.supervisor",
    "qwen3mlx_app.services.attachments.parsing",
    "qwen3mlx_app.views.colouring",
)
# The child imports from where this process does, never from the current folder, as `-P` would
# ensure from Python 3.11 on.
_START = """\
import sys
sys.path[:] = {path!r}
from qwen3mlx.__main__ import main
main()
"""
# The only environment variables passed on: what Python, a frozen bundle and the time zone need; no
# keys or tokens.
_PASSED_ON = ("PYTHON", "TZ", "LD_LIBRARY_PATH", "DYLD_", "_PYI_")


def own_command() -> tuple[str, ...]:
    """Return the command that starts this program, to be followed by its arguments.

    In a frozen bundle (PyInstaller sets `sys.frozen`), the executable is the program itself.
    """
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    path = [os.path.abspath(folder) for folder in sys.path if folder]
    return (sys.executable, "-c", _START.format(path=path))


def child_environment() -> dict[str, str]:
    """The environment that a child of this program needs, without keys or tokens."""
    return {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}


def start_child(
    module: str, *, stdin: int, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Run one of CHILDREN with these descriptors. Raises OSError if that fails.

    The child must exit when its input ends: it is outside this process's group and gets no Ctrl-C.
    """
    return subprocess.Popen(
        [*own_command(), RUN_CHILD, module],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        cwd="/",
        start_new_session=True,
    )


def run_child(arguments: list[str]) -> None:
    """Run `main` of the module that the first argument names; exit with 2 unless it is a child."""
    module = arguments[0] if arguments else ""
    if module not in CHILDREN:
        sys.exit(2)
    import_module(module).main()
