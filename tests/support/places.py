"""The project's root, and the import path for child processes."""

from __future__ import annotations

import os
from pathlib import Path

from qwen3mlx.child_process import own_command

ROOT = Path(__file__).parents[2]
IMPORT_PATH = os.pathsep.join(str(ROOT / folder) for folder in ("", "app", "quantize"))
# The command that starts `qwen3mlx`, as the window is given it.
PROGRAM = own_command()
