"""`rtn` writes the same tensors as mlx-lm, and mlx-lm loads what we write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from qwen3mlx_quantize import recipe
from qwen3mlx_quantize.calibrate import Calibrated
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.packing import Method
from qwen3mlx_quantize.quantizer import DataFree

import qwen3mlx
from tests.model.support import read_tensors
from tests.peer.cases import Case, exhaustive, quick
from tests.peer.conftest import REPOSITORY
from tests.quantize.support import conversion, quantize

PLAIN = [c for c in quick() if c.mode and not c.recipe and not c.overrides]
ALL_PLAIN = [c for c in exhaustive() if c.mode and not c.recipe and not c.overrides]
TOLERANCE = 1e-4


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_rtn_is_what_mlx_lm_writes(case: Case, quick_checkpoints: Path, tmp_path: Path) -> None:
    check(case, quick_checkpoints, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", ALL_PLAIN, ids=str)
def test_rtn_is_what_mlx_lm_writes_everywhere(
    case: Case, exhaustive_checkpoints: Path, tmp_path: Path
) -> None:
    check(case, exhaustive_checkpoints, tmp_path / "out")


def check(case: Case, folder: Path, out: Path) -> None:
    name = case.mode if case.mode != "affine" else f"{case.bits}bit"
    assert name is not None
    chosen = recipe.load(name)
    if case.group_size:
        chosen = chosen.with_group_size(case.group_size)
    quantize(folder / "sources" / case.source, out, chosen)
    ours, theirs = (read_tensors(f) for f in (out, folder / str(case)))
    assert set(ours) == set(theirs)
    for tensor, expected in theirs.items():
        assert ours[tensor].dtype == expected.dtype, tensor
        assert mx.array_equal(ours[tensor], expected).item(), tensor


WRITTEN: tuple[tuple[str, Method], ...] = (
    ("4bit", "mse"),
    ("3bit", "gptq"),
    ("mixed-4-8", "mse"),
    ("nvfp4", "rtn"),
    ("bf16", "rtn"),
)
PEER_LOGITS = """
import sys
from pathlib import Path
import numpy as np
from tests.peer.make_fixtures import float32_logits
for folder in map(Path, sys.argv[1:]):
    np.save(folder / "logits.npy", float32_logits(folder, np.arange(5, 45).reshape(2, 20)))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_mlx_lm_loads_all_that_we_write(quick_checkpoints: Path, tmp_path: Path) -> None:
    outputs = []
    for source in ("dense", "tied", "moe", "moe_mixed"):
        for name, method in WRITTEN:
            outputs.append(tmp_path / f"{source}-{name}-{method}")
            made = conversion(quick_checkpoints / "sources" / source, outputs[-1], name, method)
            text = [list(range(90))] * 2
            calibrated = Calibrated(made.source, text) if method == "gptq" else None
            convert(made, calibrated or DataFree(method))
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PEER_LOGITS, *map(str, outputs)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    for folder in outputs:
        expected = np.load(folder / "logits.npy")
        got = qwen3mlx.load_model(folder)(mx.array(np.arange(5, 45).reshape(2, 20)))
        assert np.abs(np.array(got.astype(mx.float32)) - expected).max() < TOLERANCE, folder.name
