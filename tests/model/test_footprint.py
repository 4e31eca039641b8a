"""A checkpoint's predicted memory equals its memory after loading."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen3mlx.config import LoadOptions
from qwen3mlx.errors import CheckpointError, InvalidRequestError
from qwen3mlx.library import DEMOS
from qwen3mlx.model import KVPool, footprint, load_model

YARN = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 4096}


@pytest.mark.parametrize("name", DEMOS)
@pytest.mark.parametrize("kv_bits", [None, 4, 8])
def test_it_is_what_the_loaded_model_takes(name: str, kv_bits: int | None) -> None:
    options = LoadOptions(kv_bits=kv_bits, context_length=512)
    expected = footprint(DEMOS[name], options)
    model = load_model(DEMOS[name], options=options)
    assert expected.kv_bytes_per_token == KVPool(model).bytes_per_token
    assert expected.context_length == 512
    # Experts are fused and norms converted when they are loaded: within a percent.
    assert expected.weight_bytes == pytest.approx(model.nbytes, rel=0.01)


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="context"):
        footprint(DEMOS["demo"], LoadOptions(context_length=10**8))


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((DEMOS["demo"] / "config.json").read_text())
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        footprint(tmp_path)
