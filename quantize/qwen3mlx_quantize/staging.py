"""The staging folder of a conversion: hidden beside the output, with a journal to resume from.

The journal's first line identifies the conversion and names the files that it writes. Each further
line records one step: the file, the byte where its tensors end, and their checksum. A resumed run
truncates everything that the journal does not record. Only a complete, verified folder is renamed
to the output.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import os
import stat
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import mlx.core as mx

from .common import ConversionError, io_stream
from .events import OnEvent, Progress
from .names import staging_folder
from .output import check_absent
from .plan import Plan, Shard, Step
from .tensor_file import as_array

JOURNAL, MANIFEST = "journal.jsonl", "manifest.json"
# Keys of the journal's first line; and the key in it with the names of the files.
IDENTITY, WRITES = {"source", "recipe", "method", "versions"}, "writes"
# The line's beginning, because its keys are sorted.
_BEGINNING = b'{"method": "'

Json = dict[str, Any]
# Tensors by name, each as blocks of rows.
Parts = dict[str, list[mx.array]]


class Staging:
    """The folder, locked against a second run; `done` has the journal's entry of each step."""

    def __init__(self, output: Path, plan: Plan, identity: Json, *, resume: bool) -> None:
        self.output = output
        self.folder = staging_folder(output)
        self.done: dict[str, Json] = {}
        self._plan = plan
        self._shards = {step.name: shard for shard in plan.shards for step in shard.steps}
        self._names = names_in(identity) | {shard.name for shard in plan.shards}
        self._lock: BinaryIO | None = None
        self._open(identity, resume)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write(self, step: Step, parts: Parts, facts: Json) -> None:
        """Append a step's tensors, in the plan's order, and record it in the journal."""
        shard = self._shards[step.name]
        path = self.folder / shard.name
        checksum = 0
        with own_file(path, os.O_RDWR | os.O_CREAT) as file:
            file.seek(0, os.SEEK_END)
            if file.tell() == 0:
                file.write(shard.header())
            for tensor in step.tensors:
                if sum(part.nbytes for part in parts[tensor.name]) != tensor.nbytes:
                    raise ConversionError(f"{tensor.name} does not have the planned size.")
                for part in parts[tensor.name]:
                    data = _bytes_of(part)
                    file.write(data)
                    checksum = zlib.crc32(data, checksum)
            end = file.tell()
        entry = {"step": step.name, "file": shard.name, "end": end, "crc": checksum, **facts}
        self._note(entry)
        self.done[step.name] = entry

    def read(self, step: Step) -> dict[str, mx.array]:
        """Return a step's tensors as they were written."""
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

    @property
    def errors(self) -> dict[str, float]:
        """The squared error over squared weights, by module."""
        return {name: entry["error"] for name, entry in self.done.items() if "error" in entry}

    def verify(self, on_event: OnEvent) -> dict[str, str]:
        """Read every tensor back; return the SHA-256 of each file of weights.

        Raises ConversionError if the disk does not hold what was written.
        """
        digests, num_read = {}, 0
        for shard in self._plan.shards:
            digest = hashlib.sha256()
            with (self.folder / shard.name).open("rb") as file:
                digest.update(_verified_header(file, shard))
                for step in shard.steps:
                    digest.update(self._verified(file, shard, step))
                    num_read += step.num_weights
                    on_event(Progress("verifying", num_read, self._plan.num_weights, step.name))
                if file.read(1):
                    raise ConversionError(
                        f"{shard.name} is longer than what was written; convert again."
                    )
            digests[shard.name] = digest.hexdigest()
        return digests

    def _verified(self, file: BinaryIO, shard: Shard, step: Step) -> bytes:
        data = file.read(step.nbytes)
        if len(data) != step.nbytes or zlib.crc32(data) != self.done[step.name]["crc"]:
            raise ConversionError(
                f"{shard.name}: {step.name} differs from what was written: the disk may be "
                "failing; convert again, to another disk."
            )
        return data

    def finish(self) -> None:
        """Rename the folder to the output."""
        (self.folder / JOURNAL).unlink()
        for path in self.folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        check_absent(self.output)
        self.folder.rename(self.output)
        self.close()

    def _open(self, identity: Json, resume: bool) -> None:
        check_absent(self.output)
        self.output.parent.mkdir(parents=True, exist_ok=True)
        make_own(self.folder)
        journal = self.folder / JOURNAL
        self._lock = locked(journal, self.output, resume=resume)
        try:
            self._start_or_resume(identity, [parsed(line) for line in _whole_lines(self._lock)])
        except BaseException as error:
            self.close()
            if not isinstance(error, (ValueError, RecursionError)):
                raise
            raise ConversionError(
                f"{journal} is damaged: delete {self.folder} and convert again."
            ) from None

    def _start_or_resume(self, identity: Json, lines: list[Json]) -> None:
        """Start, or continue from the journal. Raises ValueError if it is damaged."""
        if not lines:
            self._start(identity)
            return
        first = lines[0]
        self._names |= names_in(first)
        if {**first, WRITES: None} != {**identity, WRITES: None}:
            raise ConversionError(
                f"The interrupted conversion in {self.folder} had another source or other options: "
                "use the same ones, or --discard to start over."
            )
        self._resume(identity, [self._checked(entry) for entry in lines[1:]])

    def _start(self, identity: Json) -> None:
        """Write the journal's first line, before any other file."""
        assert self._lock is not None
        others = {path.name for path in self.folder.iterdir()} - {JOURNAL}
        others = {name for name in others if not is_the_systems(name)}
        if others or not is_beginning(self.folder / JOURNAL):
            raise ConversionError(
                f"{self.folder} holds files that are not a conversion's: move or delete it."
            )
        self._note_first(identity)

    def _checked(self, entry: Json) -> Json:
        """Return an entry that fits the plan. Raises ValueError for any other."""
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

    def _resume(self, identity: Json, entries: list[Json]) -> None:
        """Keep what the journal records, byte for byte."""
        assert self._lock is not None
        check_names(self.folder, self._names)
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
        self._note_first(identity)
        for entry in self.done.values():
            self._note(entry)

    def _note_first(self, identity: Json) -> None:
        assert self._lock is not None
        self._lock.truncate(0)
        self._note({**identity, WRITES: sorted(self._names)})

    def _note(self, entry: Json) -> None:
        assert self._lock is not None
        self._lock.write(json.dumps(entry, sort_keys=True).encode() + b"\n")
        self._lock.flush()

    def discard(self) -> None:
        """Delete everything written so far, and nothing else."""
        with contextlib.suppress(OSError):
            delete(self.folder, self._names)
        self.close()


def names_in(first: Json) -> set[str]:
    """Return the files that a journal's first line names. Raises ValueError if it is damaged."""
    names = first.get(WRITES, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(names)
    return set(names)


def is_beginning(journal: Path) -> bool:
    """Return whether the file can be a journal whose first line was cut off."""
    data = journal.read_bytes()
    return b"\n" not in data and data[: len(_BEGINNING)] == _BEGINNING[: len(data)]


def check_names(folder: Path, names: set[str]) -> None:
    """Raise ConversionError unless all in `folder` are ordinary files of these names, or the
    journal.
    """
    paths = sorted(folder.iterdir())
    for path in paths:
        own_file(path, os.O_RDONLY).close()
    for path in paths:
        if path.name not in names | {JOURNAL} and not is_the_systems(path.name):
            raise ConversionError(
                f"{path} was not written by the conversion, and nothing was deleted: move it "
                "elsewhere, and try again."
            )


def is_the_systems(name: str) -> bool:
    """Return whether macOS adds files of this name: Finder's notes, and, on disks that hold no
    extended attributes, those of each file.
    """
    return name == ".DS_Store" or name.startswith("._")


def delete(folder: Path, names: set[str]) -> None:
    """Delete the files of these names, the journal last; then the folder, if nothing else is left.

    Raises OSError.
    """
    added = {path.name for path in folder.iterdir() if is_the_systems(path.name)}
    for name in (*sorted(names - {JOURNAL} | added), JOURNAL):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
    folder.rmdir()


def check_unused(output: Path, *, resume: bool) -> None:
    """Raise ConversionError for a running conversion, and unless `resume`, an interrupted one."""
    folder = staging_folder(output)
    if os.path.lexists(folder):
        make_own(folder)
    if os.path.lexists(folder / JOURNAL):
        locked(folder / JOURNAL, output, resume=resume).close()


def _verified_header(file: BinaryIO, shard: Shard) -> bytes:
    header = shard.header()
    if file.read(len(header)) != header:
        raise ConversionError(f"{shard.name} differs from what was written; convert again.")
    return header


def make_own(folder: Path) -> None:
    """Create the folder. Raises ConversionError for a link, a file, or another user's folder."""
    try:
        folder.mkdir()
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise ConversionError(
                f"{folder} is not a folder of yours, and the conversion needs that name: move it, "
                "or choose another place."
            ) from None


def own_file(path: Path, flags: int) -> BinaryIO:
    """Open an ordinary file with no other name. Raises ConversionError; follows no link."""
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
    return f"{path} is not an ordinary file: delete {path.parent} and convert again."


def locked(journal: Path, output: Path, *, resume: bool) -> BinaryIO:
    """Open and lock the journal, and create it if missing. Raises ConversionError."""
    file = own_file(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT)
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
            f"A conversion to {output} was interrupted: use --resume to continue it, or --discard "
            "to delete it."
        )
    return file


def _whole_lines(journal: BinaryIO) -> list[bytes]:
    """Return the journal's lines, except a last one that was cut off."""
    journal.seek(0)
    return [line for line in journal.read().split(b"\n")[:-1] if line]


def parsed(line: bytes) -> Json:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError(line)
    return value


def _bytes_of(array: mx.array) -> memoryview:
    """Return the array's own memory."""
    with mx.stream(io_stream()):
        flat = mx.contiguous(array).reshape(-1).view(mx.uint8)
    mx.eval(flat)
    return memoryview(flat)  # type: ignore[arg-type]  # mlx has no stub for it
