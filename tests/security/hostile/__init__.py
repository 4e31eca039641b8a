"""Untrusted input of every kind, generated from a seed; one module per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

Case = tuple[str, Callable[[Path], None]]
Cases = Iterator[Case]

# The arena server's parent key.
KEY = "hostile-0123456789abcdef"


def outside(folder: Path) -> Path:
    """Files of a user that the program must not touch."""
    return folder.parents[1] / "outside"
