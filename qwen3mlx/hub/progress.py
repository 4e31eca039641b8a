"""How far a download is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple


class Progress(NamedTuple):
    """`done` of `total` bytes are on disk; then, `verifying`, as many are hashed."""

    done: int
    total: int
    phase: Literal["downloading", "verifying"] = "downloading"


ProgressCallback = Callable[[Progress], None]
