"""What the bundle's executables run."""

import os
import sys
from pathlib import Path

from contents import WINDOW

from qwen3mlx.__main__ import main


def give_back_library_path() -> None:
    """Let programs of the system that this one starts find their own libraries, not the bundle's.

    PyInstaller's start on Linux names the bundle's folder in LD_LIBRARY_PATH and keeps the former
    value beside it. Of this process, the loader has read it; each of its children sets it anew.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)


if __name__ == "__main__":
    if sys.platform == "linux":
        give_back_library_path()
    if len(sys.argv) == 1 and Path(sys.executable).name == WINDOW:
        sys.argv.append("app")
    main()
