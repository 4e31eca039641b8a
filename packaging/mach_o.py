"""Mach-O files, macOS's programs and libraries: which processors and systems they are for."""

from __future__ import annotations

import struct
from typing import NamedTuple

# From Apple's <mach-o/loader.h>, <mach-o/fat.h> and <mach/machine.h>.
_THIN = b"\xcf\xfa\xed\xfe"
_FAT = {b"\xca\xfe\xba\xbe": ">iiIII", b"\xca\xfe\xba\xbf": ">iiQQII"}
_PROCESSORS = {0x0100000C: "arm64", 0x01000007: "x86_64"}
_VERSION_MIN_MACOSX, _BUILD_VERSION, _PLATFORM_MACOS = 0x24, 0x32, 1
# A Java class begins like a universal file, but its version follows, which is 45 or more.
_MOST_SLICES = 20
# Static libraries, which hold object files, can be in universal files, too.
_ARCHIVE = b"!<arch>\n"


class Slice(NamedTuple):
    """The part of a file for one processor; `minimum_macos` is None if the file does not say."""

    processor: str
    minimum_macos: tuple[int, int] | None


def is_mach_o(start: bytes) -> bool:
    """Return whether a file that starts with these bytes, at least 8, is for 64-bit processors."""
    if start[:4] in _FAT and len(start) >= 8:
        return 0 < int.from_bytes(start[4:8], "big") <= _MOST_SLICES
    return start[:4] == _THIN


def slices(data: bytes) -> list[Slice]:
    """Return the parts of a Mach-O file. Raises ValueError for one that is cut short."""
    try:
        if data[:4] == _THIN:
            return [_slice(data)]
        entry = struct.Struct(_FAT[data[:4]])
        (count,) = struct.unpack_from(">I", data, 4)
        entries = [entry.unpack_from(data, 8 + entry.size * index) for index in range(count)]
        return [_slice(data[offset : offset + size], kind) for kind, _, offset, size, *_ in entries]
    except (KeyError, struct.error):
        raise ValueError("The file is not a complete Mach-O file.") from None


def _slice(data: bytes, processor: int | None = None) -> Slice:
    """`processor` is what the table of a universal file names."""
    if processor is not None and data.startswith(_ARCHIVE):
        return Slice(_name(processor), None)
    processor, num_commands = struct.unpack_from("<4xI8xI", data)
    minimum, position = None, 32
    for _ in range(num_commands):
        command, length = struct.unpack_from("<II", data, position)
        if command == _VERSION_MIN_MACOSX:
            minimum = _version(data, position + 8)
        elif command == _BUILD_VERSION:
            (platform,) = struct.unpack_from("<I", data, position + 8)
            if platform == _PLATFORM_MACOS:
                minimum = _version(data, position + 12)
        position += max(length, 8)
    if position > len(data):
        raise struct.error
    return Slice(_name(processor), minimum)


def _name(processor: int) -> str:
    return _PROCESSORS.get(processor, f"{processor:#x}")


def _version(data: bytes, position: int) -> tuple[int, int]:
    """Read a version X.Y.Z, which is stored as the nibbles xxxx.yy.zz."""
    (packed,) = struct.unpack_from("<I", data, position)
    return packed >> 16, packed >> 8 & 0xFF
