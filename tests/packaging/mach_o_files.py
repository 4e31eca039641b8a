"""Mach-O files made from their definition: headers and load commands, without code."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ARM64, X86_64 = 0x0100000C, 0x01000007


def thin(processor: int = ARM64, macos: tuple[int, int] | None = (11, 0)) -> bytes:
    """A library for one processor; without `macos` it does not name its system."""
    command = b""
    if macos is not None:
        version = macos[0] << 16 | macos[1] << 8
        command = struct.pack("<IIIIII", 0x32, 24, 1, version, version, 0)
    other = struct.pack("<IIQ", 0x1B, 16, 0)
    commands = other + command
    count = 1 + bool(command)
    header = struct.pack("<IiiIIIII", 0xFEEDFACF, processor, 0, 6, count, len(commands), 0, 0)
    return header + commands


def older(macos: tuple[int, int]) -> bytes:
    """A library for arm64 whose system is in the older command."""
    command = struct.pack("<IIII", 0x24, 16, macos[0] << 16 | macos[1] << 8, 0)
    return struct.pack("<IiiIIIII", 0xFEEDFACF, ARM64, 0, 6, 1, len(command), 0, 0) + command


def universal(*slices: tuple[int, bytes], is_64_bit: bool = False) -> bytes:
    """A file with a part for each processor."""
    entry = struct.Struct(">iiQQII" if is_64_bit else ">iiIII")
    offset = 8 + entry.size * len(slices)
    entries, parts = b"", b""
    for processor, data in slices:
        rest: Sequence[int] = (0, 0) if is_64_bit else (0,)
        entries += entry.pack(processor, 0, offset + len(parts), len(data), *rest)
        parts += data
    magic = 0xCAFEBABF if is_64_bit else 0xCAFEBABE
    return struct.pack(">II", magic, len(slices)) + entries + parts
