"""GGUF files that are damaged, cut off, or lie about what they hold."""

from __future__ import annotations

import os
import random
import struct
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from tests.support.checkpoints import Shape
from tests.support.gguf_files import write_gguf

from . import Cases, outside
from .mutations import damaged, fifo

NAME = "model.gguf"
SHAPE = Shape(hidden_size=256, head_dim=64, num_hidden_layers=1, tie_word_embeddings=True)
LIES = (0, 1, 3, 255, 2**16, 2**31, 2**32 - 1, 2**60, 2**63, 2**64 - 1)
# Counts, types and lengths are near the beginning; a few KB later the vocabulary ends.
HEADER = 8_000


@cache
def _good() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_gguf(Path(folder) / NAME, SHAPE, "Q4_K").path.read_bytes()


def cases(rng: random.Random) -> Cases:
    makers: list[Callable[[random.Random], tuple[str, Callable[[Path], None]]]] = [
        _damaged, _header, _header, _lie, _lie, _lie, _cut_off, _instead,
    ]  # fmt: skip
    while True:
        name, change = rng.choice(makers)(rng)
        yield f"GGUF: {name}", change


def _write(data: bytes, folder: Path) -> None:
    (folder / NAME).write_bytes(data)


def _damaged(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    return "damaged", partial(_write, damaged(rng, _good()))


def _header(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    data = bytearray(_good())
    for _ in range(rng.choice([1, 2, 8])):
        data[rng.randrange(min(HEADER, len(data)))] = rng.randrange(256)
    return "another header", partial(_write, bytes(data))


def _lie(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    """Another number in place of eight bytes: a count, a length, a size or an offset."""
    data = bytearray(_good())
    at = 8 * rng.randrange(3) if rng.random() < 0.3 else rng.randrange(HEADER)
    data[at : at + 8] = struct.pack("<Q", rng.choice(LIES))
    return f"a lie at {at}", partial(_write, bytes(data))


def _cut_off(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    return "cut off", partial(_write, _good()[: rng.randrange(len(_good()))])


def _instead(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    make = rng.choice([fifo, os.mkdir, _link])
    return "no file", lambda folder: make(folder / NAME)


def _link(path: Path) -> None:
    path.symlink_to(outside(path.parent) / "letter.txt")
