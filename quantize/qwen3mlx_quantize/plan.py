"""The plan of a conversion: name, dtype, shape and file of every tensor, before any is read."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import mlx.core as mx

from qwen3mlx.config import Module, QuantizationSpec

from .common import ConversionError
from .recipe import Recipe
from .source import Source

# The maximum bytes of tensors in a shard, as in mlx-lm.
SHARD_BYTES = 5 << 30
GROUP_SIZES = (32, 64, 128)

# safetensors' names of the dtypes of floats.
NAMES = {mx.float32: "F32", mx.float16: "F16", mx.bfloat16: "BF16"}
_SIZES = {"F32": 4, "F16": 2, "BF16": 2, "U32": 4, "U8": 1}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the result; `dtype` is safetensors' name for it."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return _SIZES[self.dtype] * math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Step:
    """A unit of writing: a module's tensors or, with `module` None, a norm's weight."""

    tensors: tuple[Tensor, ...]
    module: Module | None = None
    spec: QuantizationSpec | None = None

    @property
    def name(self) -> str:
        return self.module.path if self.module else self.tensors[0].name

    @property
    def num_weights(self) -> int:
        """The number of weights that the tensors represent."""
        return self.module.num_weights if self.module else math.prod(self.tensors[0].shape)

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors)


@dataclass(frozen=True, slots=True)
class Shard:
    """A safetensors file, whose header is known before its tensors are computed."""

    name: str
    steps: tuple[Step, ...]

    def header(self) -> bytes:
        entries: dict[str, object] = {"__metadata__": {"format": "mlx"}}
        offset = 0
        for step in self.steps:
            for tensor in step.tensors:
                entries[tensor.name] = {
                    "dtype": tensor.dtype,
                    "shape": list(tensor.shape),
                    "data_offsets": [offset, offset + tensor.nbytes],
                }
                offset += tensor.nbytes
        text = json.dumps(entries, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text

    @property
    def nbytes(self) -> int:
        return len(self.header()) + sum(step.nbytes for step in self.steps)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole result. `num_weights` is the number of weights that its tensors represent."""

    shards: tuple[Shard, ...]
    recipe: Recipe
    num_weights: int

    @property
    def steps(self) -> Iterator[Step]:
        return (step for shard in self.shards for step in shard.steps)

    @property
    def nbytes(self) -> int:
        return sum(shard.nbytes for shard in self.shards)

    @property
    def bits_per_weight(self) -> float:
        return 8 * sum(step.nbytes for step in self.steps) / self.num_weights

    def quantization(self) -> dict[str, object] | None:
        """The `quantization` of config.json, as mlx-lm writes it; None if everything is float."""
        modules = {step.module.path: step.spec for step in self.steps if step.module}
        default = self.recipe.default or next((s for s in modules.values() if s), None)
        if default is None:
            return None
        entry: dict[str, object] = _entry(default)
        for path, spec in modules.items():
            if spec != default:
                entry[path] = False if spec is None else _entry(spec)
        return entry


def build_plan(source: Source, recipe: Recipe) -> Plan:
    """Plan the result. Raises ConversionError naming a module that a group size does not divide."""
    steps = [_module_step(source, module, recipe) for module in source.modules]
    dtype = NAMES[source.dtype]
    steps += [
        Step((Tensor(name, dtype, source.infos[name].shape),)) for name in sorted(source.vectors)
    ]
    return Plan(sharded(steps), recipe, sum(step.num_weights for step in steps))


def _module_step(source: Source, module: Module, recipe: Recipe) -> Step:
    spec = recipe.spec(module.path, source.config.num_hidden_layers)
    if module.path == "score":
        spec = None  # a few rows, which decide everything
    return Step(module_tensors(module, spec, source.dtype), module, spec)


def module_tensors(
    module: Module, spec: QuantizationSpec | None, dtype: mx.Dtype
) -> tuple[Tensor, ...]:
    """Return the tensors of a module, packed by `spec` or, for None, in float. Raises
    ConversionError.
    """
    path, shape = module.path, module.shape
    if spec is None:
        return (Tensor(f"{path}.weight", NAMES[dtype], shape),)
    width = shape[-1]
    if width % spec.group_size:
        fitting = [str(size) for size in GROUP_SIZES if width % size == 0]
        choices = f"use --group-size {' or '.join(fitting)}, or " if fitting else ""
        raise ConversionError(
            f"{path} has {width} inputs, which is not a multiple of group size {spec.group_size}: "
            f"{choices}keep it in float with a rule of bits = 16."
        )
    groups = (*shape[:-1], width // spec.group_size)
    affine = spec.mode == "affine"
    scales = NAMES[dtype] if affine else "U8"
    tensors = [
        Tensor(f"{path}.weight", "U32", (*shape[:-1], width * spec.bits // 32)),
        Tensor(f"{path}.scales", scales, groups),
    ]
    if affine:
        tensors.append(Tensor(f"{path}.biases", scales, groups))
    return tuple(tensors)


def sharded(steps: list[Step]) -> tuple[Shard, ...]:
    """Distribute the steps to files of at most SHARD_BYTES, except for a larger step."""
    groups: list[list[Step]] = [[]]
    size = 0
    for step in steps:
        if groups[-1] and size + step.nbytes > SHARD_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(step)
        size += step.nbytes
    if len(groups) == 1:
        return (Shard("model.safetensors", tuple(groups[0])),)
    return tuple(
        Shard(f"model-{number:05d}-of-{len(groups):05d}.safetensors", tuple(group))
        for number, group in enumerate(groups, 1)
    )


def _entry(spec: QuantizationSpec) -> dict[str, object]:
    return {"group_size": spec.group_size, "bits": spec.bits, "mode": spec.mode}
