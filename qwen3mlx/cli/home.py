"""The folder of the program's own state."""

from __future__ import annotations

import os
from pathlib import Path


def state_home() -> Path:
    """QWEN3MLX_HOME, else where the platform keeps such things."""
    if home := os.environ.get("QWEN3MLX_HOME"):
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("qwen3mlx", appauthor=False)
