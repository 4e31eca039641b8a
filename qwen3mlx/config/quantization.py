"""The quantization of a checkpoint's modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..errors import CheckpointError
from ..quoting import quoted
from .tensor_headers import FLOATS, TensorInfo

QuantizationMode = Literal["affine", "mxfp4", "mxfp8", "nvfp4"]

# The group_size and bits that MLX has kernels for, per mode.
_QUANTIZATION_SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "affine": ((32, 64, 128), (1, 2, 3, 4, 5, 6, 8)),
    "mxfp4": ((32,), (4,)),
    "mxfp8": ((32,), (8,)),
    "nvfp4": ((16,), (4,)),
}


@dataclass(frozen=True, slots=True)
class QuantizationSpec:
    """The format of one packed weight: affine with float scales and biases, others with uint8
    scales.
    """

    group_size: int
    bits: int
    mode: QuantizationMode = "affine"

    def __post_init__(self) -> None:
        if self.mode not in get_args(QuantizationMode):
            raise CheckpointError(
                f"quantization mode {quoted(self.mode)} is not supported; "
                f"valid modes: {', '.join(get_args(QuantizationMode))}."
            )
        group_sizes, bits = _QUANTIZATION_SHAPES[self.mode]
        whole = type(self.group_size) is type(self.bits) is int
        if not whole or self.group_size not in group_sizes or self.bits not in bits:
            raise CheckpointError(
                f"{self.mode} quantization with group_size {quoted(self.group_size)} and bits "
                f"{quoted(self.bits)} is not supported; valid values: group_size "
                f"{_or(group_sizes)}, bits {_or(bits)}."
            )


# A layer has a dozen modules; the largest released checkpoint has 94 layers.
_MOST_ENTRIES = 10_000
# group_size and bits that a mode has where nothing else is said.
MODE_DEFAULTS = {"affine": (64, 4), "mxfp4": (32, 4), "mxfp8": (32, 8), "nvfp4": (16, 4)}


@dataclass(frozen=True, slots=True)
class QuantizationConfig:
    """`quantization` of config.json as mlx-lm writes it: a default, and overrides by module path.

    An override is a spec, or None where the checkpoint says `false` (not quantized).
    """

    default: QuantizationSpec
    overrides: Mapping[str, QuantizationSpec | None] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], source: str) -> QuantizationConfig:
        if not isinstance(raw, Mapping):
            raise CheckpointError(f"{source} is {quoted(raw)}; it must be an object.")
        if len(raw) > _MOST_ENTRIES:
            raise CheckpointError(
                f"{source} has {len(raw):,} entries, more than any model has modules."
            )
        default = _quantization_spec(raw, source)
        overrides: dict[str, QuantizationSpec | None] = {}
        for path, value in raw.items():
            if isinstance(value, Mapping):
                overrides[path] = _quantization_spec(value, f"{source} {path}")
            elif value is False:
                overrides[path] = None
            elif path not in ("group_size", "bits", "mode", "linear_class"):
                raise CheckpointError(
                    f"{source} has an unknown entry {quoted(path)}: {quoted(value)}; get the "
                    "model's MLX version or its unquantized weights."
                )
        return cls(default, overrides)


def _quantization_spec(raw: Mapping[str, Any], source: str) -> QuantizationSpec:
    mode: Any = raw.get("mode") or "affine"
    group_size, bits = MODE_DEFAULTS.get(str(mode), (64, 4))
    try:
        return QuantizationSpec(
            group_size=raw.get("group_size") or group_size, bits=raw.get("bits") or bits, mode=mode
        )
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error}") from None


# Of scales that are bytes: the mode, by group size and bits.
_MODES: dict[tuple[int, int], QuantizationMode] = {
    (16, 4): "nvfp4",
    (32, 4): "mxfp4",
    (32, 8): "mxfp8",
}


def packed_spec(
    quantization: QuantizationConfig | None, path: str, width: int, infos: Mapping[str, TensorInfo]
) -> QuantizationSpec:
    """Return how the matrix `path` [.., width], which has scales among `infos`, is packed.

    That is what config.json says of it by name, or else what the tensors' shapes tell. Raises
    CheckpointError.
    """
    scales, weight = infos[f"{path}.scales"], infos.get(f"{path}.weight")
    if quantization is None:
        raise CheckpointError(
            f"{scales.shard}: {path} is quantized but config.json has no 'quantization'."
        )
    if path in quantization.overrides:
        spec = quantization.overrides[path]
        if spec is None:
            raise CheckpointError(
                f"{scales.shard}: config.json says {path} is not quantized, but the file holds "
                "its scales."
            )
    elif weight is None or not weight.shape or not scales.shape:
        raise CheckpointError(
            f"{scales.shard} has no packed {path}.weight that fits {path}.scales; download the "
            "model again."
        )
    else:
        spec = _inferred(quantization.default, path, width, weight, scales)
    is_affine = scales.dtype in FLOATS
    if (weight is not None and weight.dtype != "U32") or is_affine != (spec.mode == "affine"):
        raise CheckpointError(
            f"{scales.shard}: {path} with scales in {scales.dtype} is not packed as config.json "
            f"says ({spec.mode})."
        )
    return spec


def _inferred(
    default: QuantizationSpec, path: str, width: int, weight: TensorInfo, scales: TensorInfo
) -> QuantizationSpec:
    bits = weight.shape[-1] * 32 // width
    group_size = width // max(scales.shape[-1], 1)
    mode: QuantizationMode = "affine"
    if scales.dtype == "U8":
        mode = _MODES.get((group_size, bits), "affine")
        mode = mode if default.mode == "affine" else default.mode
    try:
        return QuantizationSpec(group_size, bits, mode)
    except CheckpointError as error:
        raise CheckpointError(f"{weight.shard}: {path}: {error}") from None


def _or(values: tuple[int, ...]) -> str:
    return " or ".join(str(value) for value in values)
