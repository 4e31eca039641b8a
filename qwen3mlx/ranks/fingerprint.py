"""Whether two computers have the same program, and the same checkpoint."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .. import __version__
from ..config import read_infos

# Reading hundreds of gigabytes would take minutes: so many pieces of each file, of so many bytes.
_PIECES, _PIECE = 64, 4096


def versions() -> str:
    """Return the versions of what computes."""
    import mlx.core as mx

    return f"{__version__} with MLX {mx.__version__}"  # type: ignore[attr-defined]  # no stub


def fingerprint(folder: Path) -> str:
    """Return a hash of config.json, and of the size, the header and samples of each weight file.

    Raises CheckpointError, OSError.
    """
    found = hashlib.sha256((folder / "config.json").read_bytes())
    for shard in sorted({info.shard for info in read_infos(folder).values()}):
        size = shard.stat().st_size
        found.update(f"{shard.name} {size}".encode())
        with shard.open("rb") as file:
            for piece in range(_PIECES):
                file.seek(piece * max(size - _PIECE, 0) // (_PIECES - 1))
                found.update(file.read(_PIECE))
    return found.hexdigest()
