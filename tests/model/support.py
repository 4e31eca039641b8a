"""Change checkpoints on disk, and measure the distance between results."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from qwen3mlx.model.kv_layout import Row, stack_capacity

GOLDENS = Path(__file__).parents[1] / "data" / "goldens"

# Modules that mlx-lm quantizes: every matrix, by the last part of its path.
MATRICES = ("embed_tokens", "lm_head", "gate", "q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")

Spec = dict[str, Any]


def relative_difference(ours: Any, reference: Any) -> float:
    """The largest difference, in units of the largest reference value."""
    ours, reference = np.asarray(ours), np.asarray(reference)
    assert ours.shape == reference.shape
    return float(np.abs(ours - reference).max() / np.abs(reference).max())


def attention(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Causal; the last query sees everything. queries [B, H, L, D], keys [B, KV, T, D]."""
    length, total = queries.shape[2], keys.shape[2]
    repeat = queries.shape[1] // keys.shape[1]
    keys, values = keys.repeat(repeat, axis=1), values.repeat(repeat, axis=1)
    scores = np.einsum("bhld,bhtd->bhlt", queries, keys) / math.sqrt(queries.shape[-1])
    visible = np.arange(total) <= np.arange(total - length, total)[:, None]
    scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("bhlt,bhtd->bhld", weights, values)


def as_stored(x: mx.array, bits: int | None) -> mx.array:
    """Return `x` after a round trip through a cache of this many bits."""
    if bits is None:
        return x
    return mx.dequantize(*mx.quantize(x, group_size=32, bits=bits), group_size=32, bits=bits)


def random_ids(shape: Sequence[int], vocab_size: int = 256, seed: int = 0) -> mx.array:
    return mx.array(np.random.default_rng(seed).integers(0, vocab_size, shape))


def edit_json(path: Path, changes: Mapping[str, Any], remove: Sequence[str] = ()) -> None:
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in values.items() if k not in remove}))


def copy_checkpoint(
    source: Path, folder: Path, changes: Mapping[str, Any] = {}, remove: Sequence[str] = ()
) -> Path:
    """A writable copy with other values in its config.json."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    edit_json(folder / "config.json", changes, remove)
    return folder


def read_tensors(folder: Path) -> dict[str, mx.array]:
    tensors: dict[str, mx.array] = {}
    for shard in sorted(folder.glob("*.safetensors")):
        tensors.update(mx.load(str(shard)))  # type: ignore[arg-type]
    mx.eval(tensors)
    return tensors


def replace_tensors(folder: Path, tensors: Mapping[str, mx.array]) -> None:
    """Makes `tensors` all that a one-file checkpoint holds."""
    mx.eval(dict(tensors))
    file = folder / "model.safetensors"
    file.unlink(missing_ok=True)
    mx.save_safetensors(str(file), dict(tensors), metadata={"format": "mlx"})


def stack_experts(tensors: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """`mlp.experts.N.<name>` one by one -> `mlp.switch_mlp.<name>`, as mlx-lm stores them."""
    stacked: dict[str, mx.array] = {}
    experts: dict[str, dict[int, mx.array]] = {}
    for name, tensor in tensors.items():
        before, separator, after = name.partition(".experts.")
        if separator:
            expert, projection = after.split(".", 1)
            experts.setdefault(f"{before}.switch_mlp.{projection}", {})[int(expert)] = tensor
        else:
            stacked[name] = tensor
    return stacked | {
        name: mx.stack([matrix for _, matrix in sorted(matrices.items())])
        for name, matrices in experts.items()
    }


def in_float32(array: mx.array) -> mx.array:
    return array.astype(mx.float32) if mx.issubdtype(array.dtype, mx.floating) else array


@dataclass(frozen=True)
class MLXPair:
    """One checkpoint in MLX's quantized format, and one with the same weights in float32."""

    quantized: Path
    dequantized: Path


def quantize_checkpoint(
    source: Path,
    folder: Path,
    spec: Spec,
    overrides: Mapping[str, Spec | bool] = {},
    *,
    listed: Spec | None = None,
) -> MLXPair:
    """Write what mlx-lm writes. config.json lists `listed` as the default (if None: `spec`)."""
    pair = MLXPair(
        copy_checkpoint(source, folder / "quantized"),
        copy_checkpoint(source, folder / "dequantized"),
    )
    packed: dict[str, mx.array] = {}
    floats: dict[str, mx.array] = {}
    for name, tensor in stack_experts(read_tensors(source)).items():
        path = name.removesuffix(".weight")
        answer = overrides.get(path, spec)
        if path.rpartition(".")[2] not in MATRICES + FEED_FORWARD or answer is False:
            packed[name] = floats[name] = tensor
            continue
        assert isinstance(answer, dict)
        arrays = mx.quantize(tensor, **answer)
        for part, array in zip(("weight", "scales", "biases"), arrays, strict=False):
            packed[f"{path}.{part}"] = array
        inputs: list[Any] = [in_float32(array) for array in arrays]
        floats[name] = mx.dequantize(*inputs, **{**answer, "dtype": mx.float32})
    replace_tensors(pair.quantized, packed)
    replace_tensors(pair.dequantized, floats)
    quantization = {**(listed or spec), **overrides}
    edit_json(pair.quantized / "config.json", {"quantization": quantization})
    return pair


def grow(row: Row, num_tokens: int = 1) -> None:
    """Move a row to the usual place with room for `num_tokens` more."""
    row._layout.move(row, stack_capacity(row.offset + num_tokens))
