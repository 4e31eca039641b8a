"""Tensors -> layers: names, quantization, fusing, dtype. All checkpoint oddities live here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import mlx.core as mx

from ..config import FLOATS, ModelConfig, expert_path, fused_path, packed_spec
from ..errors import CheckpointError
from .checkpoint import TensorStore, are_finite
from .device import on_cpu, release_staging_memory
from .linear import (
    Concatenated,
    ConcatenatedExperts,
    Embedding,
    ExpertLinear,
    ExpertProjection,
    Linear,
    Projection,
    QuantizedEmbedding,
    QuantizedExpertLinear,
    QuantizedLinear,
    Reordered,
)
from .packed import Packed

if TYPE_CHECKING:
    from .foreign import ForeignMatrices

Part = TypeVar("Part")


class Weights:
    """Reads layers out of a checkpoint in the dtype the model computes in.

    Shapes are those of the configuration's modules and norms.
    """

    def __init__(self, checkpoint: TensorStore, config: ModelConfig, dtype: mx.Dtype) -> None:
        self.checkpoint = checkpoint
        self.config = config
        self.dtype = dtype
        self.on_cpu = on_cpu()
        self._shapes = {module.path: module.shape for module in config.modules()}
        self._norm_sizes = config.norms()
        self._unchecked: dict[str, mx.array] = {}
        self._foreign = self._foreign_matrices()

    def _foreign_matrices(self) -> ForeignMatrices | None:
        if self.config.published is None:
            return None
        from .foreign import ForeignMatrices

        return ForeignMatrices(self.checkpoint, self.config.published, self.dtype)

    def checks(self) -> dict[str, mx.array]:
        """Return what `check_finite` is to look at: the norms, scales and biases read since.

        They are a tenth of a quantized model. Matrices of floats are too large to be read twice;
        the first logits show theirs.
        """
        unchecked, self._unchecked = self._unchecked, {}
        return are_finite(unchecked)

    def norm(self, path: str) -> mx.array:
        """Return the weight of a norm [size]."""
        name = f"{path}.weight"
        floats = self._take_floats(name, (self._norm_sizes[path],))
        self._unchecked[name] = floats
        return floats.astype(self.dtype)

    def embedding(self, path: str) -> Embedding | QuantizedEmbedding:
        linear = self._linear(self._packed(path, self._shapes[path]))
        if isinstance(linear, QuantizedLinear):
            return QuantizedEmbedding(linear, self.dtype)
        if isinstance(linear, Reordered):
            raise CheckpointError(f"{self.checkpoint.folder}: {path} must not have a g_idx.")
        return Embedding(linear)

    def projection(self, *paths: str) -> Projection:
        """Modules with the same input, side by side: [.., in] -> [.., sum of out]."""
        groups = _fused(self._packed(path, self._shapes[path]) for path in paths)
        parts = tuple(self._linear(group) for group in groups)
        if self.on_cpu:  # a GPU has to wait for each evaluation: there, it is one for a block
            parts = _evaluated(parts)
        return parts[0] if len(parts) == 1 else Concatenated(parts)

    def experts(self, *paths: str) -> ExpertProjection:
        """Return a projection of the experts, stacked."""
        whole = fused_path(paths[0])
        if whole is not None and f"{whole}.weight" in self.checkpoint:
            experts, out, width = self._shapes[paths[0]]
            groups = iter([self._packed(whole, (experts, len(paths) * out, width))])
        else:
            groups = _fused(self._packed_experts(path) for path in paths)
        parts = _evaluated(self._expert_linear(group) for group in groups)
        return parts[0] if len(parts) == 1 else ConcatenatedExperts(parts)

    def _packed_experts(self, path: str) -> Packed:
        """mlx-lm stacks experts as `switch_mlp`, Hugging Face stores them one by one."""
        shape = self._shapes[path]
        if f"{path}.weight" in self.checkpoint:
            return self._packed(path, shape)
        paths = [expert_path(path, e) for e in range(shape[0])]
        experts = [self._packed(each, shape[1:]) for each in paths]
        for name, expert in zip(paths, experts, strict=True):
            if expert.fuses_with != experts[0].fuses_with or expert.order is not None:
                raise CheckpointError(
                    f"{self.checkpoint.folder}: {name} is not quantized like {paths[0]}, with its "
                    "inputs in order; the experts of one layer must be."
                )
        return _joined(experts, mx.stack)

    def _packed(self, path: str, shape: tuple[int, ...]) -> Packed:
        if self._foreign is not None and (found := self._foreign.packed(path, shape)):
            return self._noted(path, found)
        if f"{path}.scales" not in self.checkpoint:
            return Packed(self._take_floats(f"{path}.weight", shape))
        scales = self.checkpoint.take(f"{path}.scales")
        infos = self.checkpoint.infos
        spec = packed_spec(self.config.quantization, path, shape[-1], infos)
        packed_shape = (*shape[:-1], shape[-1] * spec.bits // 32)
        weight = self.checkpoint.take(f"{path}.weight", packed_shape)
        groups = (*shape[:-1], shape[-1] // spec.group_size)
        if scales.shape != groups:
            raise CheckpointError(
                f"{self.checkpoint.folder}: {path}.scales has shape {list(scales.shape)}, but "
                f"group_size {spec.group_size} requires {list(groups)}."
            )
        if spec.mode != "affine":
            scale_name = f"{path}.global_scale"
            tensor_scale = (
                self.checkpoint.take(scale_name, shape[:-2])
                if scale_name in self.checkpoint
                else None
            )
            if tensor_scale is not None and (len(shape) == 2 or on_cpu()):
                raise CheckpointError(
                    f"{self.checkpoint.folder}: {scale_name} is supported for experts on a GPU "
                    "only."
                )
            return self._noted(path, Packed(weight, scales, None, spec, tensor_scale))
        biases = self.checkpoint.take(f"{path}.biases", groups)
        floats = scales.astype(self.dtype), biases.astype(self.dtype)
        return self._noted(path, Packed(weight, *floats, spec))

    def _noted(self, path: str, packed: Packed) -> Packed:
        """Note what `checks` are of."""
        scales = packed.scales
        if scales is not None and packed.spec is not None and packed.spec.mode == "nvfp4":
            scales = scales | 128  # with any sign, e4m3's NaN has all other bits set
        parts = {"scales": scales, "biases": packed.biases, "global_scale": packed.global_scale}
        self._unchecked |= {f"{path}.{n}": array for n, array in parts.items() if array is not None}
        return packed

    def _take_floats(self, name: str, shape: tuple[int, ...]) -> mx.array:
        info = self.checkpoint.infos.get(name)
        if info is not None and info.dtype not in FLOATS:
            path = name.removesuffix(".weight")
            raise CheckpointError(
                f"{info.shard}: {name} is {info.dtype}, which has no meaning without {path}.scales "
                "and a 'quantization' in config.json; download the model again."
            )
        return self.checkpoint.take(name, shape)

    def _linear(self, packed: Packed) -> Linear | QuantizedLinear | Reordered:
        if packed.spec is None:
            return Linear(self._stored(packed.weight))
        assert packed.scales is not None
        linear = QuantizedLinear(packed.weight, packed.scales, packed.biases, packed.spec)
        return linear if packed.order is None else Reordered(mx.array(packed.order), linear)

    def _expert_linear(self, packed: Packed) -> ExpertLinear | QuantizedExpertLinear:
        if packed.spec is None:
            return ExpertLinear(self._stored(packed.weight))
        assert packed.scales is not None
        return QuantizedExpertLinear(
            packed.weight, packed.scales, packed.biases, packed.spec, packed.global_scale
        )

    def _stored(self, weight: mx.array) -> mx.array:
        """[..., out, in] -> [..., in, out], contiguous on the CPU and a view on the GPU."""
        if self.on_cpu:
            return _transposed(weight).astype(self.dtype)
        return weight.astype(self.dtype).swapaxes(-1, -2)


def _fused(packed: Iterable[Packed]) -> Iterator[Packed]:
    """Fuse neighbours that are stored alike into one matrix, with their rows concatenated.

    A global_scale belongs to one matrix, so those with one stay separate.
    """
    groups: list[list[Packed]] = []
    for item in packed:
        alone = item.global_scale is not None
        if groups and not alone and groups[-1][-1].fuses_with == item.fuses_with:
            groups[-1].append(item)
        else:
            groups.append([item])
    while groups:
        group = groups.pop(0)
        yield group[0] if len(group) == 1 else _concatenated(group)


def _evaluated(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Evaluate now, so that the sources are freed before the next projection is read."""
    evaluated = tuple(parts)
    mx.eval(arrays_of(evaluated))
    release_staging_memory()
    return evaluated


def _concatenated(group: list[Packed]) -> Packed:
    return _joined(group, partial(mx.concatenate, axis=-2))


def _joined(group: list[Packed], join: Callable[[list[mx.array]], mx.array]) -> Packed:
    """Return matrices that are stored alike as one, or as a stack."""

    def joined(arrays: list[mx.array | None]) -> mx.array | None:
        present = [array for array in arrays if array is not None]
        return join(present) if present else None

    weight = join([item.weight for item in group])
    scales = joined([item.scales for item in group])
    biases = joined([item.biases for item in group])
    return Packed(weight, scales, biases, group[0].spec, order=group[0].order)


def _transposed(weight: mx.array) -> mx.array:
    """[..., n, k] -> [..., k, n], contiguous.

    Two copies that move runs of eight numbers take a fifth of the time of MLX's single strided
    copy.
    """
    *stack, n, k = weight.shape
    if n % 8:
        return mx.contiguous(weight.swapaxes(-1, -2))
    runs = mx.contiguous(weight.reshape(*stack, n // 8, 8, k).swapaxes(-1, -2))
    return mx.contiguous(runs.swapaxes(-3, -2)).reshape(*stack, k, n)


def arrays_of(module: Any) -> list[mx.array]:
    """Return every array that a layer holds, including its parts'."""
    if isinstance(module, mx.array):
        return [module]
    if isinstance(module, tuple):
        return [array for part in module for array in arrays_of(part)]
    if is_dataclass(module):
        return [array for f in fields(module) for array in arrays_of(getattr(module, f.name))]
    return []
