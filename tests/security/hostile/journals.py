"""Interrupted conversions that someone tampered with: `source`, and `.out.partial` beside it."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from qwen3mlx_quantize import Event, QuantizeRequest, run
from qwen3mlx_quantize.names import staging_folder
from qwen3mlx_quantize.staging import JOURNAL

from tests.support.checkpoints import DENSE, write_checkpoint

from . import Cases, outside
from .mutations import damaged, fifo, json_bytes, mutated, odd

Lines = list[dict[str, Any]]


class _Stopped(Exception):
    pass


@cache
def _interrupted() -> Path:
    """A source, and a conversion of it that was stopped at its fourth step."""
    folder = Path(tempfile.mkdtemp(prefix="qwen3mlx-journals-"))
    source = write_checkpoint(folder / "source", DENSE)
    steps = iter(range(4))

    def stop(event: Event) -> None:
        if next(steps, None) is None:
            raise _Stopped

    try:
        run(QuantizeRequest(source=source, output=folder / "out", method="rtn"), stop)
    except _Stopped:
        return folder
    raise AssertionError("the conversion was not stopped")


def cases(rng: random.Random) -> Cases:
    makers: list[Callable[[random.Random], tuple[str, Callable[[Path], None]]]] = [
        _mutated, _mutated, _entry, _damaged, _linked, _shard,
    ]  # fmt: skip
    while True:
        name, change = rng.choice(makers)(rng)
        yield f"journal: {name}", partial(_write, change=change)


def _write(folder: Path, change: Callable[[Path], None]) -> None:
    shutil.copytree(_interrupted(), folder, dirs_exist_ok=True)
    change(staging_folder(folder / "out"))


def _lines() -> Lines:
    journal = staging_folder(_interrupted() / "out") / JOURNAL
    return [json.loads(line) for line in journal.read_text().splitlines()]


def _journal(data: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / JOURNAL).write_bytes(data)

    return change


def _text(rng: random.Random, lines: list[Any]) -> bytes:
    return b"\n".join(json_bytes(rng, line) for line in lines) + b"\n"


def _mutated(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    lines = mutated(rng, _lines(), rng.choice([1, 2, 5]))
    return "mutated", _journal(_text(rng, lines if isinstance(lines, list) else [lines]))


def _entry(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    """One that says what is not so."""
    lines = _lines()
    key = rng.choice(["step", "file", "end", "crc", "error"])
    lies = [
        "../../outside/letter.txt",
        "/etc/passwd",
        "..",
        JOURNAL,
        -1,
        2**63,
        10**30,
        0,
        odd(rng),
    ]
    rng.choice(lines[1:])[key] = rng.choice(lies)
    return f"a lie about {key}", _journal(_text(rng, lines))


def _damaged(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    return "damaged", _journal(damaged(rng, _text(rng, _lines())))


def _linked(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    """Replace the folder or the journal by something else."""
    of_folder = rng.random() < 0.5
    make = rng.choice([fifo, _folder, _loop, None])

    def change(folder: Path) -> None:
        victim = outside(folder.parent)
        place = folder if of_folder else folder / JOURNAL
        shutil.rmtree(place) if of_folder else place.unlink()
        if make is None:
            place.symlink_to(victim if of_folder else victim / "letter.txt")
        else:
            make(place)

    return f"no {'folder' if of_folder else 'file'}", change


def _shard(rng: random.Random) -> tuple[str, Callable[[Path], None]]:
    """Replace or shorten the weights written so far."""
    what = rng.randrange(4)

    def change(folder: Path) -> None:
        (shard,) = folder.glob("*.safetensors")
        letter = outside(folder.parent) / "letter.txt"
        if what == 0:
            os.truncate(shard, shard.stat().st_size // 2)
            return
        shard.unlink()
        if what == 1:
            shard.symlink_to(letter)
        elif what == 2:
            os.link(letter, shard)
        else:
            fifo(shard)

    return "other weights", change


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("dear")
