"""The project's root, and the import path for child processes."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT_PATH = os.pathsep.join(str(ROOT / folder) for folder in ("", "app", "quantize"))
