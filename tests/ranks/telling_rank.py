"""A rank that also tells which keys and values it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import mlx.core as mx
import numpy as np

from qwen3mlx.engine.runner import Runner
from qwen3mlx.ranks import rank


def held(runner: Runner) -> dict[str, np.ndarray]:
    """Those of each row and cached block: [layers, 2, kv_heads, tokens, width]."""
    layers = range(runner.num_layers)
    rows = {
        f"row {number}": [row.kv.layer(layer)[0] for layer in layers]
        for number, row in runner.rows.items()
    }
    blocks = {
        f"block {number}": list(mx.split(block[0], len(layers)))
        for number, block in runner.prefixes.blocks.items()
    }
    return {
        name: np.stack([np.asarray(each) for each in parts])
        for name, parts in (rows | blocks).items()
    }


class Telling(rank._Rank):
    def on_load(self, values: dict[str, Any]) -> dict[str, Any]:
        self._rank = values["share"][0]
        return super().on_load(values)

    def on_held(self, folder: str) -> dict[str, Any]:
        """Write it to a file of the folder."""
        arrays: dict[str, Any] = held(self._runner)
        np.savez(Path(folder) / f"{self._rank}.npz", **arrays)
        return {"held": None}


if __name__ == "__main__":
    with mock.patch.object(rank, "_Rank", Telling):
        rank.main()
