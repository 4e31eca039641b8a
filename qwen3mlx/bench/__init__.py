"""The speed and memory of one model on this machine, as people compare them.

`measure` sends the same prompts to either side: our engine (`Ours`), as the server drives it, or
mlx-lm's batch generator in a process of its own (`Peer`).
"""

from __future__ import annotations

from .cases import Progress, measure
from .machine import machine
from .ours import Ours
from .peer import Peer, is_installed
from .results import Depth, Speeds, Streams

__all__ = [
    "Depth", "Ours", "Peer", "Progress", "Speeds", "Streams", "is_installed", "machine", "measure",
]  # fmt: skip
