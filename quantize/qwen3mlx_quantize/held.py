"""Tensors in memory that a block can be loaded from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mlx.core as mx

from qwen3mlx.model.checkpoint import Checkpoint


class Held(Checkpoint):
    """As a checkpoint in `folder`, which is only named in errors."""

    def __init__(self, folder: Path, tensors: Mapping[str, mx.array]) -> None:
        self.folder = folder
        self.infos = {}
        self._arrays = dict(tensors)
