"""Child processes that handle untrusted input and can be killed."""

from __future__ import annotations

import os
import subprocess
import sys

# The child imports from where this process does, never from the current folder.
_START = """\
import sys
sys.path[:] = sys.argv[2:]
from importlib import import_module
import_module(sys.argv[1]).main()
"""
# The only environment variables passed on: what Python itself and the time zone need; no keys or
# tokens.
_PASSED_ON = ("PYTHON", "TZ", "LD_LIBRARY_PATH", "DYLD_")


def start_child(
    module: str, *, stdin: int, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Run `main()` of `module` with these descriptors. Raises OSError if that fails.

    The child must exit when its input ends: it is outside this process's group and gets no Ctrl-C.
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
