"""Checkpoints broken on purpose, and the expected errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from hypothesis import strategies as st

from qwen3mlx.errors import CheckpointError, Qwen3MLXError
from qwen3mlx.model import load_model
from tests.support.checkpoints import Shape

from .support import read_tensors, replace_tensors

SMALL = Shape(hidden_size=64, intermediate_size=64, num_hidden_layers=2, vocab_size=32)
FILE = "model.safetensors"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
Q_PROJ = "model.layers.0.self_attn.q_proj"
NORM = "model.norm.weight"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**400, 1e300, 1e-300])
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["yarn", "default", "affine", "nvfp4", "F8_E4M3", "BF16"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rope_type", "factor", "mode", "bits", "group_size", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def refused(folder: Path, *named: str) -> str:
    """Loading fails with one line in which all of `named` appear."""
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert "\n" not in message
    for name in (str(folder), *named):
        assert name in message
    return message


def change_tensors(folder: Path, changes: dict[str, mx.array | None]) -> None:
    """Adds and replaces tensors; None removes one."""
    tensors = {**read_tensors(folder), **changes}
    replace_tensors(folder, {name: array for name, array in tensors.items() if array is not None})


def change_header(file: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """`change` edits the header in place, or returns what stands there instead."""
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    result = change(header)
    new = json.dumps(header if result is None else result).encode()
    file.write_bytes(len(new).to_bytes(8, "little") + new + content[end:])


def only_our_errors(run: Callable[[], object]) -> None:
    message = ""
    try:
        run()
    except Qwen3MLXError as error:
        message = str(error)
    assert "\n" not in message
