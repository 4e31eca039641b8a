"""A result that is being written: a hidden folder beside the real one, and a journal to go on from.

The journal's first line says which conversion this is; each further one that a step is written, up
to which byte of which file, and the checksum of its bytes. A stopped run that is resumed drops what
the journal does not vouch for. Only a complete, verified folder gets the real name.
"""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

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
        with _own_file(path, os.O_RDWR | os.O_CREAT) as file:
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
        _make_own(self.folder)
        journal = self.folder / JOURNAL
        self._lock = _locked(journal, self.output, resume=resume)
        try:
            self._take_up(identity, [_parsed(line) for line in _whole_lines(self._lock)])
        except BaseException as error:
            self.close()
            if not isinstance(error, (ValueError, RecursionError)):
                raise
            raise ConversionError(
                f"{journal} is damaged: delete {self.folder} and convert again."
            ) from None

    def _take_up(self, identity: Json, lines: list[Json]) -> None:
        """Begin, or go on with what the journal says. Raises ValueError for a damaged one."""
        if not lines:
            self._begin(identity)
        elif lines[0] != identity:
            raise ConversionError(
                f"The interrupted conversion in {self.folder} had another source or other options: "
                "give the same ones, or delete that folder."
            )
        else:
            self._go_on(identity, [self._checked(entry) for entry in lines[1:]])

    def _begin(self, identity: Json) -> None:
        """The journal's first line is written before any other file."""
        assert self._lock is not None
        if [path for path in self.folder.iterdir() if path.name != JOURNAL]:
            raise ConversionError(
                f"{self.folder} holds files of no conversion: move it away, or delete it."
            )
        self._lock.truncate(0)
        self._note(identity)

    def _checked(self, entry: Json) -> Json:
        """An entry that can be of this plan; ValueError for any other."""
        shard = self._shards.get(str(entry.get("step")))
        numbers = [entry.get("end"), entry.get("crc")]
        error = entry.get("error", 0.0)
        if (
            shard is None
            or entry.get("file") != shard.name
            or not all(type(number) is int and number >= 0 for number in numbers)
            or not (isinstance(error, (int, float)) and math.isfinite(error))
        ):
            raise ValueError(entry)
        return entry

    def _go_on(self, identity: Json, entries: list[Json]) -> None:
        """Keep what the journal vouches for, byte for byte."""
        assert self._lock is not None
        for path in self.folder.iterdir():
            _own_file(path, os.O_RDONLY).close()
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
        self._lock.truncate(0)
        self._note(identity)
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
    if os.path.lexists(folder_of(output)):
        _make_own(folder_of(output))
    if os.path.lexists(journal):
        _locked(journal, output, resume=resume).close()


def folder_of(output: Path) -> Path:
    """Where `output` is while it is being written."""
    return output.with_name(f".{output.name}.partial")


def _make_own(folder: Path) -> None:
    """Raises ConversionError where something else, or somebody else's, has its name."""
    try:
        folder.mkdir()
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise ConversionError(
                f"{folder} is no folder of yours, and the conversion needs that name: move it "
                "away, or choose another place."
            ) from None


def _own_file(path: Path, flags: int) -> BinaryIO:
    """An ordinary file that has this name alone. Raises ConversionError; follows no link."""
    try:
        number = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise
        raise ConversionError(_not_ordinary(path)) from None
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(number)
        raise ConversionError(_not_ordinary(path))
    mode = "a+b" if flags & os.O_APPEND else "r+b" if flags & os.O_RDWR else "rb"
    return cast(BinaryIO, os.fdopen(number, mode))


def _not_ordinary(path: Path) -> str:
    return f"{path} is no ordinary file: delete {path.parent} and convert again."


def _locked(journal: Path, output: Path, *, resume: bool) -> BinaryIO:
    """The journal, made if need be, which no other run has. Raises ConversionError."""
    file = _own_file(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ConversionError(
            f"Another run is writing {output}: wait for it, or choose another folder."
        ) from None
    if os.fstat(file.fileno()).st_size and not resume:
        file.close()
        raise ConversionError(
            f"A conversion to {output} was interrupted: --resume goes on with it; to start over, "
            f"delete {journal.parent}."
        )
    return file


def _whole_lines(journal: BinaryIO) -> list[bytes]:
    """Without a last one that was cut off."""
    journal.seek(0)
    return [line for line in journal.read().split(b"\n")[:-1] if line]


def _parsed(line: bytes) -> Json:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError(line)
    return value


def _bytes_of(array: mx.array) -> memoryview:
    """The array's own memory."""
    with mx.stream(IO):
        flat = mx.contiguous(array).reshape(-1).view(mx.uint8)
    mx.eval(flat)
    return memoryview(flat)  # type: ignore[arg-type]  # mlx has no stub for it


def in_the_way(output: Path) -> str:
    return f"{output} exists already: choose another folder, or delete it first."
