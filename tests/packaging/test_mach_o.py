"""Mach-O headers: read as Apple defines them, and whatever is not one is refused."""

from __future__ import annotations

import sys
from contextlib import suppress

import mach_o
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mach_o import Slice

from .mach_o_files import ARM64, X86_64, older, thin, universal

BOTH = ((X86_64, thin(X86_64, (10, 13))), (ARM64, thin()))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (thin(), [Slice("arm64", (11, 0))]),
        (thin(macos=None), [Slice("arm64", None)]),
        (older((10, 9)), [Slice("arm64", (10, 9))]),
        (universal(*BOTH), [Slice("x86_64", (10, 13)), Slice("arm64", (11, 0))]),
        (universal(*BOTH, is_64_bit=True), [Slice("x86_64", (10, 13)), Slice("arm64", (11, 0))]),
        (universal((ARM64, b"!<arch>\nand so on")), [Slice("arm64", None)]),
        (thin(0x12), [Slice("0x12", (11, 0))]),
    ],
)
def test_each_part_names_its_processor_and_system(data: bytes, expected: list[Slice]) -> None:
    assert mach_o.is_mach_o(data[:8])
    assert mach_o.slices(data) == expected


@pytest.mark.parametrize(
    "start",
    [b"", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbe\x00\x00\x00\x37", b"\x7fELF\x02\x01\x01\x00"],
    ids=["nothing", "half", "java", "elf"],
)
def test_other_files_are_told_apart(start: bytes) -> None:
    assert not mach_o.is_mach_o(start)


@pytest.mark.parametrize("data", [universal(*BOTH), thin(), universal(*BOTH, is_64_bit=True)])
def test_a_file_cut_short_is_refused(data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(ValueError, match="not a complete"):
            mach_o.slices(data[:length])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for start in (thin()[:16], universal(*BOTH)[:8], b""):
        with suppress(ValueError):
            assert all(part.processor for part in mach_o.slices(start + junk))


@pytest.mark.skipif(sys.platform != "darwin", reason="needs a program of macOS")
def test_the_running_python_is_one() -> None:
    with open(sys.executable, "rb") as file:
        assert "arm64" in {part.processor for part in mach_o.slices(file.read())}
