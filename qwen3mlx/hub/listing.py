"""Limits of what a hub may say about a repository's files."""

from __future__ import annotations

# The listing of the largest released checkpoint has about 150 kB and 130 files. What is parsed
# takes ten times its bytes.
LARGEST_LISTING = 4 << 20
MOST_FILES = 10_000
# Seconds of silence after which a connection is dropped.
SILENCE_SECONDS = 30.0


def is_inside(path: str) -> bool:
    """Return whether a name is printable and stays inside the repository."""
    parts = path.split("/")
    return path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(parts)
