"""A checkpoint's memory needs, computed from its small files and headers alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import mlx.core as mx

from ..config import INDEX_NAME, LoadOptions, ModelConfig, TensorInfo, read_infos
from ..config.memory import activation_bytes, kv_bytes_per_token
from ..config.published import LOAD_GROUP
from ..errors import CheckpointError, MemoryBudgetError
from ..quoting import size_text
from ..settings.state import expanded
from .device import on_cpu
from .experts import ResidentExperts
from .kv_layout import LONGEST_SHARED, least_capacity, stack_capacity

# Of the numbers that become the model's dtype.
_STORED_BYTES = {"BF16": 2, "F16": 2, "F8_E4M3": 1}


class Footprint(NamedTuple):
    """What a checkpoint takes; `config` is the one that it would be loaded with.

    `value_bytes` are those of a number that is computed with: keys, values, activations.
    """

    config: ModelConfig
    weight_bytes: int
    value_bytes: int
    kv_bits: int | None = None
    on_cpu: bool = False

    @property
    def kv_bytes_per_token(self) -> int:
        return kv_bytes_per_token(self.config, self.value_bytes, self.kv_bits)

    @property
    def context_length(self) -> int:
        """In tokens."""
        return self.config.max_position_embeddings

    def kv_bytes(self, num_tokens: int, parallel: int = 1) -> int:
        """The least KV bytes of so many requests with this many tokens each."""
        return parallel * least_capacity(num_tokens) * self.kv_bytes_per_token

    def row_bytes(self, num_tokens: int, parallel: int = 1) -> int:
        """The KV bytes of the same requests where memory is not short: rows have room to spare, and
        rows of a like length share a stack, which doubles. The last token is never stored.
        """
        capacity = stack_capacity(num_tokens - 1)
        is_shared = capacity <= LONGEST_SHARED
        slots = 1 << (parallel - 1).bit_length() if is_shared else parallel
        return slots * capacity * self.kv_bytes_per_token

    def activation_bytes(self, num_tokens: int) -> int:
        return activation_bytes(self.config, num_tokens, self.value_bytes, on_cpu=self.on_cpu)

    def longest_request(self, limit: int, parallel: int = 1) -> int:
        """Tokens of the longest requests that fit in `limit` bytes beside the weights."""
        tokens = range(1, self.context_length + 1)
        room = limit - self.weight_bytes
        return bisect_right(tokens, room, key=lambda count: self.kv_bytes(count, parallel))


def footprint(path: str | Path, options: LoadOptions | None = None) -> Footprint:
    """Return the footprint of `path`. Raises CheckpointError, and InvalidRequestError for options.

    Builds no array, so any thread may call it.
    """
    folder = expanded(path)
    options = options or LoadOptions()
    config = ModelConfig.from_folder(folder).with_options(options)
    num_bytes, dtype = _weights(folder, options.quantize)
    return Footprint(config, num_bytes, dtype.size, options.kv_bits, on_cpu())


def weight_bytes(path: str | Path, options: LoadOptions | None = None) -> int:
    """Return the memory that the weights in folder `path` will take. Raises CheckpointError."""
    return _weights(expanded(path), (options or LoadOptions()).quantize)[0]


def _weights(folder: Path, load_bits: int | None) -> tuple[int, mx.Dtype]:
    """Return the weights' bytes in memory, and the compute dtype. Raises CheckpointError."""
    files = [*folder.glob("*.safetensors"), folder / INDEX_NAME]
    try:
        known = [(file.name, file.stat()) for file in files if file.is_file()]
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be read ({error.strerror}).") from None
    changes = tuple((name, status.st_size, status.st_mtime_ns) for name, status in sorted(known))
    found = _read_weights(folder, changes, load_bits)
    if isinstance(found, CheckpointError):
        raise CheckpointError(str(found))
    return found


@lru_cache(maxsize=256)
def _read_weights(
    folder: Path, changes: object, load_bits: int | None
) -> tuple[int, mx.Dtype] | CheckpointError:
    """Read headers of many megabytes only once, even if they are broken."""
    try:
        infos = read_infos(folder)
    except CheckpointError as error:
        return error
    dtype = compute_dtype(infos)
    return resident_bytes(infos, dtype, load_bits), dtype


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


def resident_bytes(
    infos: Mapping[str, TensorInfo], dtype: mx.Dtype, load_bits: int | None = None
) -> int:
    """Return the bytes of tensors in memory, where 16-bit ones are stored in `dtype`; so is FP8,
    unless it becomes integers of `load_bits`.
    """
    return sum(
        _packed_bytes(info, dtype, load_bits)
        if load_bits is not None and info.dtype == "F8_E4M3"
        else info.nbytes * dtype.size // _STORED_BYTES.get(info.dtype, dtype.size)
        for info in ResidentExperts.resident(infos)
    )


def _packed_bytes(info: TensorInfo, dtype: mx.Dtype, bits: int) -> int:
    """Return the bytes of one matrix of FP8, a byte each, with scales and biases in `dtype`."""
    return info.nbytes * bits // 8 + 2 * dtype.size * (info.nbytes // LOAD_GROUP)
