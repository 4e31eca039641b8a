"""A checkpoint, and a conversion of it that was interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
from qwen3mlx_quantize.names import staging_folder

from tests.support.checkpoints import DENSE, write_checkpoint

from .support import Stopped, quantize, stopped_at


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("dense") / "dense", DENSE)


@pytest.fixture(scope="module")
def interrupted(dense: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose run was stopped at its fourth step."""
    out = tmp_path_factory.mktemp("interrupted") / "out"
    with pytest.raises(Stopped):
        quantize(dense, out, on_event=stopped_at(4))
    return staging_folder(out)
