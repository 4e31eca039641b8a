"""A checkpoint's memory needs, computed from its small files and headers alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx

from ..config import INDEX_NAME, LoadOptions, ModelConfig, TensorInfo, read_infos
from ..errors import CheckpointError, MemoryBudgetError
from ..quoting import size_text
from ..settings.state import expanded
from .cache import kv_group_size
from .device import on_cpu
from .experts import ResidentExperts
from .kv_layout import least_capacity


class Footprint(NamedTuple):
    """Bytes; `context_length` is the one the model would be loaded with, in tokens."""

    weight_bytes: int
    kv_bytes_per_token: int
    context_length: int

    def kv_bytes(self, num_tokens: int) -> int:
        """The least KV bytes of a single request with this many tokens."""
        return least_capacity(num_tokens) * self.kv_bytes_per_token

    def longest_request(self, limit: int) -> int:
        """Tokens of the longest request that fits in `limit` bytes beside the weights."""
        tokens = range(1, self.context_length + 1)
        return bisect_right(tokens, limit - self.weight_bytes, key=self.kv_bytes)


def footprint(path: str | Path, options: LoadOptions | None = None) -> Footprint:
    """Return the footprint of `path`. Raises CheckpointError, and InvalidRequestError for options.

    Builds no array, so any thread may call it.
    """
    folder = expanded(path)
    options = options or LoadOptions()
    config = ModelConfig.from_folder(folder).with_options(options)
    num_bytes, dtype = _weights(folder)
    return Footprint(
        num_bytes,
        kv_bytes_per_token(config, dtype, options.kv_bits),
        config.max_position_embeddings,
    )


def kv_bytes_per_token(config: ModelConfig, dtype: mx.Dtype, kv_bits: int | None) -> int:
    """Keys and values of all layers; each group of quantized numbers has a scale and a bias."""
    width = config.head_dim * dtype.size
    if kv_bits is not None:
        groups = config.head_dim // kv_group_size(config.head_dim)
        width = config.head_dim * kv_bits // 8 + 2 * groups * dtype.size
    return 2 * config.num_hidden_layers * config.num_key_value_heads * width


def weight_bytes(path: str | Path) -> int:
    """Return the memory that the weights in folder `path` will take. Raises CheckpointError."""
    return _weights(expanded(path))[0]


def _weights(folder: Path) -> tuple[int, mx.Dtype]:
    """Return the weights' bytes in memory, and the compute dtype. Raises CheckpointError."""
    files = [*folder.glob("*.safetensors"), folder / INDEX_NAME]
    try:
        known = [(file.name, file.stat()) for file in files if file.is_file()]
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be read ({error.strerror}).") from None
    changes = tuple((name, status.st_size, status.st_mtime_ns) for name, status in sorted(known))
    found = _read_weights(folder, changes)
    if isinstance(found, CheckpointError):
        raise CheckpointError(str(found))
    return found


@lru_cache(maxsize=256)
def _read_weights(folder: Path, changes: object) -> tuple[int, mx.Dtype] | CheckpointError:
    """Read headers of many megabytes only once, even if they are broken."""
    try:
        infos = read_infos(folder)
    except CheckpointError as error:
        return error
    dtype = compute_dtype(infos)
    return resident_bytes(infos, dtype), dtype


def check_fits(name: str, needed: int, limit: int) -> None:
    """Raise MemoryBudgetError if the weights of model `name` need more than `limit` bytes."""
    if needed > limit:
        raise MemoryBudgetError(
            f"{name} needs {size_text(needed)} for its weights and {size_text(limit)} can be used "
            "here: use a smaller model or fewer bits."
        )


def compute_dtype(infos: Mapping[str, TensorInfo]) -> mx.Dtype:
    """Return the checkpoint's own dtype on a GPU, float32 on the CPU."""
    if on_cpu():
        return mx.float32
    stored = infos.get("model.norm.weight")
    dtypes = {"F32": mx.float32, "F16": mx.float16}
    return dtypes.get(stored.dtype, mx.bfloat16) if stored else mx.bfloat16


def resident_bytes(infos: Mapping[str, TensorInfo], dtype: mx.Dtype) -> int:
    """Return the bytes of tensors in memory, where 16-bit ones are stored in `dtype`."""
    return sum(
        info.nbytes * dtype.size // 2 if info.dtype in ("BF16", "F16") else info.nbytes
        for info in ResidentExperts.resident(infos)
    )
