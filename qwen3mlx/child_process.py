"""Child processes of ours, in which a stranger's work can be ended."""

from __future__ import annotations

import os
import subprocess
import sys

# It imports from where this process does, never from the current folder.
_START = """\
import sys
sys.path[:] = sys.argv[2:]
from importlib import import_module
import_module(sys.argv[1]).main()
"""
# Of the environment, what Python itself and the time of day need: no key, no token.
_PASSED_ON = ("PYTHON", "TZ", "LD_LIBRARY_PATH", "DYLD_")


def start_child(
    module: str, *, stdin: int, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Run `main()` of `module` with these descriptors. Raises OSError where there can be no more.

    It is to end when its input does, as it is in no group of this process and hears no Ctrl-C.
    """
    path = [os.path.abspath(folder) for folder in sys.path if folder]
    return subprocess.Popen(
        [sys.executable, "-c", _START, module, *path],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
        cwd="/",
        start_new_session=True,
    )
