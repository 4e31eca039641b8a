"""The checkpoint that is converted: its matrices in float, whatever format it is in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from qwen3mlx.config import ModelConfig, QuantizationSpec, TensorInfo, read_infos, read_json
from qwen3mlx.errors import CheckpointError

from .common import IO, begin, number
from .packing import PackedMatrix
from .tensor_file import DTYPES, TensorReader

# Weights that are worked on at a time: bounds the memory.
BLOCK = 1 << 22
_FLOATS = ("F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class Module:
    """A matrix [out, in], or a stack of experts [experts, out, in]."""

    path: str
    shape: tuple[int, ...]

    @property
    def num_weights(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def num_matrices(self) -> int:
        return self.shape[0] if len(self.shape) == 3 else 1


class Source:
    """`config` is validated, `raw_config` is config.json as it is; `dtype` that of the floats."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = ModelConfig.from_folder(folder)
        self.raw_config: dict[str, Any] = read_json(folder / "config.json")
        self.infos = read_infos(folder)
        self.dtype = self._float_dtype()
        self.modules = list(_modules(self.config))
        self.vectors = [name for name in self.infos if self._is_vector(name)]
        self._reader = TensorReader(self.infos)
        self._check_names()

    @property
    def is_quantized(self) -> bool:
        return any(name.endswith(".scales") for name in self.infos)

    def vector(self, name: str) -> mx.array:
        """A norm's weight."""
        values = self._reader.whole(name)
        _check_finite(values.sum(), values, name, self.folder)
        return values

    def matrix(self, module: Module, index: int = 0) -> mx.array:
        """Matrix [out, in] number `index` of the module, in float."""
        return mx.concatenate(list(self.blocks(module, index)))

    def blocks(self, module: Module, index: int = 0, *, every: int = 1) -> Iterator[mx.array]:
        """The same in runs of rows, each read when its turn comes; or `every` so many-th run.

        Raises CheckpointError naming the tensor that holds something else than finite numbers; a
        run is checked when the next one is asked for, so that both are worked on meanwhile.
        """
        out, width = module.shape[-2:]
        path, first = self._place(module, index)
        step = max(1, BLOCK // width)
        for start in range(0, out, step * every):
            with mx.stream(IO):
                rows = self._rows(path, first + start, first + min(start + step, out))
                total = rows.sum()
            begin(total)
            yield rows
            _check_finite(total, rows, f"{path}.weight", self.folder)

    def _place(self, module: Module, index: int) -> tuple[str, int]:
        """Which stored tensor holds a matrix, and at which of its rows it begins."""
        if len(module.shape) == 2 or f"{module.path}.weight" in self.infos:
            return module.path, index * module.shape[-2]
        prefix, name = module.path.rsplit(".switch_mlp.", 1)
        return f"{prefix}.experts.{index}.{name}", 0

    def _rows(self, path: str, start: int, stop: int) -> mx.array:
        weight = self._reader.rows(f"{path}.weight", start, stop)
        if f"{path}.scales" not in self.infos:
            return weight
        spec = self.spec(path)
        scales = self._reader.rows(f"{path}.scales", start, stop)
        biases = self._reader.rows(f"{path}.biases", start, stop) if spec.mode == "affine" else None
        return PackedMatrix(weight, scales, biases).unpacked(spec, self.dtype)

    def spec(self, path: str) -> QuantizationSpec:
        """How the source packs a module."""
        quantization = self.config.quantization
        if quantization is None:
            raise CheckpointError(f"{self.folder}: {path} is packed, but config.json has no "
                                  "'quantization'.")  # fmt: skip
        return quantization.overrides.get(path) or quantization.default

    def _float_dtype(self) -> mx.Dtype:
        for info in self.infos.values():
            if info.dtype in _FLOATS:
                return DTYPES[info.dtype]
        raise CheckpointError(f"{self.folder} holds no float tensor.")

    def _is_vector(self, name: str) -> bool:
        info: TensorInfo = self.infos[name]
        return len(info.shape) == 1 and not name.endswith("rotary_emb.inv_freq")

    def _check_names(self) -> None:
        known = {name for module in self.modules for name in self._names(module)}
        known.update(self.vectors)
        for name in self.infos:
            extra = name.endswith("rotary_emb.inv_freq") or (
                self.config.tie_word_embeddings and name.startswith("lm_head.")
            )
            if name not in known and not extra:
                raise CheckpointError(
                    f"{self.infos[name].shard} holds {name!r}, which a model of config.json's "
                    "shape does not have; config.json and the weights do not belong together."
                )
        for module in self.modules:
            missing = [name for name in self._names(module) if name not in self.infos]
            if missing:
                raise CheckpointError(
                    f"{self.folder} has no tensor {missing[0]!r}; download the model again."
                )
            self._check_shape(module)

    def _check_shape(self, module: Module) -> None:
        for index in range(module.num_matrices):
            path, _ = self._place(module, index)
            stacked = path == module.path
            expected = module.shape if stacked else module.shape[1:]
            if f"{path}.scales" in self.infos:
                expected = (*expected[:-1], expected[-1] * self.spec(path).bits // 32)
            info = self.infos[f"{path}.weight"]
            if info.shape != expected:
                raise CheckpointError(
                    f"{info.shard}: {path}.weight has shape {list(info.shape)}, config.json asks "
                    f"for {list(expected)}."
                )
            if stacked:
                return

    def _names(self, module: Module) -> list[str]:
        paths = [module.path]
        if len(module.shape) == 3 and f"{module.path}.weight" not in self.infos:
            prefix, name = module.path.rsplit(".switch_mlp.", 1)
            paths = [f"{prefix}.experts.{e}.{name}" for e in range(module.shape[0])]
        suffixes = ("scales", "biases", "global_scale")
        packed = [f"{p}.{suffix}" for p in paths for suffix in suffixes]
        return [*(f"{path}.weight" for path in paths), *(n for n in packed if n in self.infos)]


def _modules(config: ModelConfig) -> Iterator[Module]:
    """In the order of the computation."""
    hidden, width = config.hidden_size, config.head_dim
    heads, kv_heads = config.num_attention_heads * width, config.num_key_value_heads * width
    yield Module("model.embed_tokens", (config.vocab_size, hidden))
    for layer in range(config.num_hidden_layers):
        path = f"model.layers.{layer}"
        for name, size in (("q_proj", heads), ("k_proj", kv_heads), ("v_proj", kv_heads)):
            yield Module(f"{path}.self_attn.{name}", (size, hidden))
        yield Module(f"{path}.self_attn.o_proj", (hidden, heads))
        if not config.is_sparse(layer):
            inner, group = config.intermediate_size, "mlp"
            stack: tuple[int, ...] = ()
        else:
            inner, group = config.moe_intermediate_size, "mlp.switch_mlp"
            stack = (config.num_experts,)
            yield Module(f"{path}.mlp.gate", (config.num_experts, hidden))
        yield Module(f"{path}.{group}.gate_proj", (*stack, inner, hidden))
        yield Module(f"{path}.{group}.up_proj", (*stack, inner, hidden))
        yield Module(f"{path}.{group}.down_proj", (*stack, hidden, inner))
    if not config.tie_word_embeddings:
        yield Module("lm_head", (config.vocab_size, hidden))


def _check_finite(total: mx.array, tensor: mx.array, name: str, folder: Path) -> None:
    # A sum is a quarter of the work, and not finite where any number is not.
    if not math.isfinite(number(total)) and not mx.isfinite(tensor).all().item():
        raise CheckpointError(
            f"{folder}: {name} holds numbers that are not finite; download the model again."
        )
