"""What the bundle's executables run."""

import sys
from pathlib import Path

from contents import WINDOW

from qwen3mlx.__main__ import main

if __name__ == "__main__":
    if len(sys.argv) == 1 and Path(sys.executable).name == WINDOW:
        sys.argv.append("app")
    main()
