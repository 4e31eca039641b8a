"""What strangers could hand to the program, made at random from a seed, a module for each kind.

Each has `cases(rng)`, an endless or finite iterator of a name and a function that writes the case
into an empty folder. Files outside of the case that must stay as they are lie in `outside(folder)`.
`arena.py` has the live server, `trials.py` what is done to it with a case of each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

Case = tuple[str, Callable[[Path], None]]
Cases = Iterator[Case]

# What the arena's server takes as its parent's key.
KEY = "hostile-0123456789abcdef"


def outside(folder: Path) -> Path:
    """Somebody's files, which are no business of the program's."""
    return folder.parents[1] / "outside"
