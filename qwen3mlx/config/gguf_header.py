"""The header of a GGUF file: its metadata, and the place and type of each tensor.

The `gguf` library's own reader trusts every count and length in the file; here each is compared
with what the file can hold before anything of that size is made.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import os
import re
import stat
import struct
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import CheckpointError
from ..quoting import quoted
from .model_files import check_is_no_pointer

ARCHITECTURES = {"qwen3": "qwen3", "qwen3moe": "qwen3_moe"}
# Bytes; that of a Qwen3, most of which is the vocabulary, has 6 MB.
_LARGEST_HEADER = 64 << 20
# Before the vocabulary come a few hundred facts, and perhaps a long license.
_START = 256 << 10
_MOST_FACTS, _MOST_TENSORS, _MOST_DIMENSIONS = 4096, 50_000, 4
_MOST_ITEMS = 1 << 20  # of an array; the largest vocabulary has 250,000
_LARGEST_DIMENSION = 2**31 - 1
_LARGEST_ALIGNMENT = 1 << 20
_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_STRING, _ARRAY, _BOOL = 8, 9, 7
# GGUF's numbers of value types -> struct's letters.
_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", _BOOL: "?",
            10: "Q", 11: "q", 12: "d"}  # fmt: skip
_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_MOST_SHARDS = 1000


class GgufTensor(NamedTuple):
    """A tensor's place: `start` is its first byte in `file`, `type` ggml's number of its type.

    `shape` is as in an array, the innermost dimension last; GGUF has it the other way round.
    """

    name: str
    file: Path
    type: int
    shape: tuple[int, ...]
    start: int


class GgufHeader(NamedTuple):
    """`size` is that of the file in bytes."""

    metadata: dict[str, Any]
    tensors: list[GgufTensor]
    size: int


def read_gguf_header(path: Path) -> GgufHeader:
    """Read one file's header. Raises CheckpointError."""
    data, size = _beginning(path, _LARGEST_HEADER)
    cursor = _Cursor(path, data, size)
    num_tensors, num_facts = _counts(cursor)
    metadata: dict[str, Any] = {}
    for _ in range(num_facts):
        key = cursor.text()
        if key in metadata:
            raise CheckpointError(_broken(path, f"{quoted(key)} occurs twice"))
        metadata[key] = cursor.value()
    tensors = [_tensor(cursor) for _ in range(num_tensors)]
    return GgufHeader(metadata, _placed(cursor, metadata, tensors), size)


def read_gguf_facts(path: Path) -> dict[str, Any]:
    """Read the facts before the vocabulary, which tell what a file is. Raises CheckpointError."""
    data, size = _beginning(path, _START)
    cursor = _Cursor(path, data, size)
    _, num_facts = _counts(cursor)
    facts: dict[str, Any] = {}
    for _ in range(num_facts):
        try:
            key = cursor.text()
            if key.startswith("tokenizer."):
                break
            facts[key] = cursor.value()
        except CheckpointError:
            if len(data) == size:
                raise
            break  # the rest lies behind what was read
    return facts


def shards_of(path: Path) -> list[Path]:
    """Return the files of the model that `path` is a part of, as `-00001-of-00003` says, in order.

    Raises CheckpointError if one is missing.
    """
    match = _SHARD.fullmatch(path.name)
    if match is None:
        return [path]
    count = int(match["count"])
    if not 1 <= count <= _MOST_SHARDS:
        raise CheckpointError(f"{path.name} cannot be one of {count} files.")
    names = [f"{match['stem']}-{i:05d}-of-{count:05d}{path.suffix}" for i in range(1, count + 1)]
    for name in names:
        if not path.with_name(name).is_file():
            raise CheckpointError(f"{path.with_name(name)} is missing; download it again.")
    return [path.with_name(name) for name in names]


def is_later_shard(path: Path) -> bool:
    """Return whether `path` is a part of a model, but not the first one."""
    match = _SHARD.fullmatch(path.name)
    return match is not None and int(match["number"]) != 1


def plain_stem(path: Path) -> str:
    """Return the file's name without `.gguf` and the number of its part."""
    match = _SHARD.fullmatch(path.name)
    return match["stem"] if match else re.sub(r"(?i)\.gguf$", "", path.name)


def _beginning(path: Path, most: int) -> tuple[bytes, int]:
    try:
        # A pipe would block.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise CheckpointError(f"{path} is not a file: name a .gguf file.")
            data = file.read(min(most, status.st_size))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from None
    check_is_no_pointer(path, data)
    return data, status.st_size


def _counts(cursor: _Cursor) -> tuple[int, int]:
    """Read the first fields; return the number of tensors and of facts."""
    if cursor.take(4) != _MAGIC:
        raise CheckpointError(f"{cursor.path} is not a GGUF file.")
    version = cursor.number("I")
    if version not in _VERSIONS:
        kind = "big-endian GGUF" if version and not version & 0xFFFF else f"GGUF version {version}"
        raise CheckpointError(
            f"{cursor.path} is {kind}; versions 2 and 3 in little-endian order can be read: "
            "download a newer file."
        )
    num_tensors, num_facts = cursor.number("Q"), cursor.number("Q")
    if num_tensors > _MOST_TENSORS or num_facts > _MOST_FACTS:
        raise CheckpointError(
            _broken(cursor.path, f"it lists {num_tensors:,} tensors and {num_facts:,} facts")
        )
    return num_tensors, num_facts


def _tensor(cursor: _Cursor) -> GgufTensor:
    """Read a tensor's entry; its `start` still counts from the beginning of all tensors."""
    name, num_dimensions = cursor.text(), cursor.number("I")
    if num_dimensions > _MOST_DIMENSIONS:
        raise CheckpointError(
            _broken(cursor.path, f"{quoted(name)} has {num_dimensions} dimensions")
        )
    shape = tuple(cursor.number("Q") for _ in range(num_dimensions))[::-1]
    if not all(1 <= size <= _LARGEST_DIMENSION for size in shape):
        raise CheckpointError(_broken(cursor.path, f"{quoted(name)} has shape {list(shape)}"))
    return GgufTensor(name, cursor.path, cursor.number("I"), shape, cursor.number("Q"))


def _placed(
    cursor: _Cursor, metadata: dict[str, Any], tensors: list[GgufTensor]
) -> list[GgufTensor]:
    """Return the tensors with their first bytes in the file."""
    alignment = metadata.get("general.alignment", 32)
    powers = type(alignment) is int and 0 < alignment <= _LARGEST_ALIGNMENT
    if not powers or alignment & (alignment - 1):
        raise CheckpointError(_broken(cursor.path, f"its alignment is {quoted(alignment)}"))
    first = -(-cursor.at // alignment) * alignment
    for tensor in tensors:
        if first + tensor.start > cursor.size:
            raise CheckpointError(_broken(cursor.path, f"{quoted(tensor.name)} is not in it"))
    return [tensor._replace(start=first + tensor.start) for tensor in tensors]


class _Cursor:
    """Reads values one after another; every length is checked before it is used."""

    def __init__(self, path: Path, data: bytes, size: int) -> None:
        self.path = path
        self.size = size
        self.at = 0
        self._data = data

    def take(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            too_long = len(self._data) < self.size
            raise CheckpointError(
                _broken(self.path, "its header is too long" if too_long else "it is cut off")
            )
        start, self.at = self.at, self.at + length
        return self._data[start : self.at]

    def number(self, letter: str) -> Any:
        return struct.unpack(f"<{letter}", self.take(struct.calcsize(f"<{letter}")))[0]

    def text(self) -> str:
        try:
            return self.take(self.number("Q")).decode()
        except UnicodeDecodeError:
            raise CheckpointError(_broken(self.path, "a text in it is not UTF-8")) from None

    def value(self) -> Any:
        kind = self.number("I")
        if kind == _ARRAY:
            return self._array(self.number("I"), self.number("Q"))
        return self._single(kind)

    def _single(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind not in _FORMATS:
            raise CheckpointError(_broken(self.path, f"it has a value of the type {kind}"))
        return self.number(_FORMATS[kind])

    def _array(self, kind: int, count: int) -> list[Any]:
        if count > _MOST_ITEMS:
            raise CheckpointError(_broken(self.path, f"it has an array of {count:,} items"))
        if kind == _STRING:
            return [self.text() for _ in range(count)]
        if kind not in _FORMATS:
            raise CheckpointError(_broken(self.path, f"it has an array of the type {kind}"))
        layout = f"<{count}{_FORMATS[kind]}"
        return list(struct.unpack(layout, self.take(struct.calcsize(layout))))


def _broken(path: Path, fault: str) -> str:
    return f"{path} is truncated or broken ({fault}); download it again."
