"""Memory that a large body took is given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.places import IMPORT_PATH

# The list of a large body, of 2 MB, is freed while small objects of the same time are kept.
PROGRAM = """
import psutil
{call}
kept, process = [], psutil.Process()
for _ in range(3):
    lists = []
    for _ in range(40):
        lists.append([None] * 250_000)
        kept.append(bytearray(5000))
    before = process.memory_info().rss
    lists.clear()
print((before - process.memory_info().rss) // 2**20)
"""
CALL = "from qwen3mlx.server.allocator import return_large_blocks as call; call()"


def megabytes_returned(call: str) -> int:
    command = [sys.executable, "-c", PROGRAM.format(call=call)]
    result = subprocess.run(
        command, env={"PYTHONPATH": IMPORT_PATH}, capture_output=True, text=True, check=True
    )
    return int(result.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="others return large blocks by themselves")
def test_large_blocks_are_returned_between_small_ones() -> None:
    assert megabytes_returned(CALL) > 70
