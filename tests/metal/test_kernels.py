"""Kernels for each layer of a step, ours beside mlx-lm's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from .graph import as_on_metal, per_layer
from .models import SHAPES, checkpoint, load, steady_step

# Eight rows that share a stack, and eight of eight stacks.
ALIKE, UNLIKE = [100] * 8, [100, 300, 600, 900, 1100, 1700, 2300, 3500]
# At most so many, of which so many move keys and values into their places.
CASES = {
    "dense, one row": ("dense", [100], None, 14, 1),
    "dense, one long row": ("dense", [9000], None, 14, 1),
    "dense, 8 rows": ("dense", ALIKE, None, 14, 1),
    "dense, 8 rows of 8 lengths": ("dense", UNLIKE, None, 36, 8),
    "dense, one row in 8 bits": ("dense", [100], 8, 20, 3),
    "dense, 8 rows in 8 bits": ("dense", ALIKE, 8, 20, 3),
    "MoE, one row": ("moe", [100], None, 19, 1),
    "MoE, 7 rows": ("moe", ALIKE[:7], None, 19, 1),
}
Folders = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    made: dict[tuple[str, int], Path] = {}

    def folder(kind: str, num_layers: int) -> Path:
        key = kind, num_layers
        if key not in made:
            path = tmp_path_factory.mktemp(f"{kind}-{num_layers}")
            made[key] = checkpoint(SHAPES[kind], num_layers, path)
        return made[key]

    return folder


@pytest.mark.parametrize(
    ("kind", "lengths", "kv_bits", "most", "writes"), CASES.values(), ids=CASES
)
def test_at_most(
    folders: Folders,
    kind: str,
    lengths: Sequence[int],
    kv_bits: int | None,
    most: int,
    writes: int,
) -> None:
    with as_on_metal():
        counts = per_layer(lambda n: steady_step(load(folders(kind, n), kv_bits), lengths))
    assert counts.total() <= most, counts
    assert counts["Scatter"] == writes
    # An offset that is an array takes a kernel of its own, and so does bringing rows into order.
    assert not {"DynamicSliceUpdate", "Gather", "Arange", "AsType"} & set(counts)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "theirs"), [("dense", 19), ("moe", 30)])
def test_mlx_lm_takes_more_for_rows_of_one_length(folders: Folders, kind: str, theirs: int) -> None:
    """mlx-lm 0.32.2 by the same counter. It pads rows of other lengths to the longest one."""
    pytest.importorskip("mlx_lm", reason="mlx-lm, to compare with, is not installed")
    # Run in a separate process: importing mlx_lm changes process limits.
    command = [sys.executable, "-m", "tests.metal.peer", *(str(folders(kind, n)) for n in (2, 3))]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    counts = {case: sum(kinds.values()) for case, kinds in told.items()}
    assert counts == {"one row": theirs, "8 rows": theirs, "8 lengths": theirs}
    alike = [case for case in CASES.values() if case[0] == kind and len(set(case[1])) == 1]
    assert max(case[3] for case in alike if case[2] is None) < theirs
