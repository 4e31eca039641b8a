"""A result that is being written: a hidden folder beside the real one, and a journal to go on from.

The journal's first line says which conversion this is; each further one that a step is written, up
to which byte of which file, and the checksum of its bytes. A stopped run that is resumed drops what
the journal does not vouch for. Only a complete, verified folder gets the real name.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import mlx.core as mx

from .common import IO, ConversionError
from .plan import Plan, Step
from .tensor_file import as_array

JOURNAL = "journal.jsonl"

Json = dict[str, Any]
# Tensors by name, each as the runs of rows that it is made of.
Parts = dict[str, list[mx.array]]


class Partial:
    """The folder, locked against a second run; `done` has the journal's entry of each step."""

    def __init__(self, output: Path, plan: Plan, identity: Json, *, resume: bool) -> None:
        self.output = output
        self.folder = folder_of(output)
        self.done: dict[str, Json] = {}
        self._plan = plan
        self._shards = {step.name: shard for shard in plan.shards for step in shard.steps}
        self._lock: BinaryIO | None = None
        self._open(identity, resume)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write(self, step: Step, parts: Parts, facts: Json) -> None:
        """Append a step's tensors, in the plan's order, and say so in the journal."""
        shard = self._shards[step.name]
        path = self.folder / shard.name
        checksum = 0
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() == 0:
                file.write(shard.header())
            for tensor in step.tensors:
                if sum(part.nbytes for part in parts[tensor.name]) != tensor.nbytes:
                    raise ConversionError(f"{tensor.name} is not of the planned size.")
                for part in parts[tensor.name]:
                    data = _bytes_of(part)
                    file.write(data)
                    checksum = zlib.crc32(data, checksum)
            end = file.tell()
        entry = {"step": step.name, "file": shard.name, "end": end, "crc": checksum, **facts}
        self._note(entry)
        self.done[step.name] = entry

    def read(self, step: Step) -> dict[str, mx.array]:
        """A step's tensors as they were written."""
        shard = self._shards[step.name]
        offset = len(shard.header())
        for other in shard.steps:
            if other is step:
                break
            offset += other.nbytes
        arrays = {}
        with (self.folder / shard.name).open("rb") as file:
            file.seek(offset)
            for tensor in step.tensors:
                data = file.read(tensor.nbytes)
                arrays[tensor.name] = as_array(data, tensor.dtype, tensor.shape)
        return arrays

    def verify(self) -> Iterator[Step]:
        """Read each step back and compare; yields what has been checked.

        Raises ConversionError where the disk does not hold what was written.
        """
        for shard in self._plan.shards:
            with (self.folder / shard.name).open("rb") as file:
                header = shard.header()
                if file.read(len(header)) != header:
                    raise ConversionError(f"{shard.name} is not what was written; convert again.")
                for step in shard.steps:
                    data = file.read(step.nbytes)
                    if len(data) != step.nbytes or zlib.crc32(data) != self.done[step.name]["crc"]:
                        raise ConversionError(
                            f"{shard.name}: {step.name} is not what was written: the disk may be "
                            "failing; convert again, to another one."
                        )
                    yield step

    def finish(self) -> None:
        """Give the folder its name."""
        (self.folder / JOURNAL).unlink()
        for path in self.folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        if self.output.exists():
            raise ConversionError(in_the_way(self.output))
        self.folder.rename(self.output)
        self.close()

    def _open(self, identity: Json, resume: bool) -> None:
        if self.output.exists():
            raise ConversionError(in_the_way(self.output))
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(exist_ok=True)
        journal = self.folder / JOURNAL
        self._lock = _locked(journal, self.output, resume=resume)
        lines = [json.loads(line) for line in _whole_lines(journal)]
        if lines and lines[0] != identity:
            self.close()
            raise ConversionError(
                f"The interrupted conversion in {self.folder} had another source or other options: "
                "give the same ones, or delete that folder."
            )
        if not lines:
            self._restart(identity)
        else:
            self._go_on(lines[1:])

    def _restart(self, identity: Json) -> None:
        assert self._lock is not None
        for path in self.folder.iterdir():
            if path.name != JOURNAL:
                path.unlink()
        self._lock.truncate(0)
        self._note(identity)

    def _go_on(self, entries: list[Json]) -> None:
        """Keep what the journal vouches for, byte for byte."""
        assert self._lock is not None
        sizes: dict[str, int] = {}
        for entry in entries:
            path = self.folder / entry["file"]
            if not path.exists() or path.stat().st_size < entry["end"]:
                break
            self.done[entry["step"]] = entry
            sizes[entry["file"]] = entry["end"]
        for shard in self._plan.shards:
            path = self.folder / shard.name
            if path.exists():
                os.truncate(path, sizes.get(shard.name, 0))
        identity, *_ = _whole_lines(self.folder / JOURNAL)
        self._lock.truncate(0)
        self._lock.write(identity + b"\n")
        for entry in self.done.values():
            self._note(entry)

    def _note(self, entry: Json) -> None:
        assert self._lock is not None
        self._lock.write(json.dumps(entry, sort_keys=True).encode() + b"\n")
        self._lock.flush()

    def discard(self) -> None:
        """Delete what was written so far."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def check_unused(output: Path, *, resume: bool) -> None:
    """Raises ConversionError where a run to `output` is going on, or waits to be resumed."""
    journal = folder_of(output) / JOURNAL
    if journal.exists():
        _locked(journal, output, resume=resume).close()


def folder_of(output: Path) -> Path:
    """Where `output` is while it is being written."""
    return output.with_name(f".{output.name}.partial")


def _locked(journal: Path, output: Path, *, resume: bool) -> BinaryIO:
    """The journal, made if need be, which no other run has. Raises ConversionError."""
    file = journal.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ConversionError(
            f"Another run is writing {output}: wait for it, or choose another folder."
        ) from None
    if journal.stat().st_size and not resume:
        file.close()
        raise ConversionError(
            f"A conversion to {output} was interrupted: --resume goes on with it; to start over, "
            f"delete {journal.parent}."
        )
    return file


def _whole_lines(journal: Path) -> list[bytes]:
    """Without a last one that was cut off."""
    return [line for line in journal.read_bytes().split(b"\n")[:-1] if line]


def _bytes_of(array: mx.array) -> memoryview:
    """The array's own memory."""
    with mx.stream(IO):
        flat = mx.contiguous(array).reshape(-1).view(mx.uint8)
    mx.eval(flat)
    return memoryview(flat)  # type: ignore[arg-type]  # mlx has no stub for it


def in_the_way(output: Path) -> str:
    return f"{output} exists already: choose another folder, or delete it first."
