"""Quantizations that are not MLX's: AWQ, GPTQ and FP8, as `quantization_config` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from ..errors import CheckpointError
from ..quoting import quoted

Method = Literal["awq", "gptq", "fp8"]

_BITS: dict[Method, tuple[int, ...]] = {"awq": (4,), "gptq": (2, 3, 4, 8), "fp8": (8,)}
# What changes how numbers are packed, and the only value of it that can be read.
_EXPECTED: dict[Method, dict[str, tuple[object, ...]]] = {
    "awq": {"version": ("gemm",), "zero_point": (True,)},
    "gptq": {"checkpoint_format": ("gptq", "gptq_v2"), "pack_dtype": ("int32",)},
    "fp8": {"fmt": ("e4m3",), "activation_scheme": ("dynamic",)},
}
_LARGEST_BLOCK = 1 << 16
# The groups of FP8 that becomes integers as it is loaded.
LOAD_GROUP = 64


class PublishedQuantization(NamedTuple):
    """How a released checkpoint is quantized; the tensors' shapes say the rest, per module.

    `block` is the rows and columns that share one scale in FP8. The first format of GPTQ stores
    zero points less one, `gptq_v2` as they are. `load_bits` is what FP8 becomes in memory: affine
    integers of so many bits, or None for floats.
    """

    method: Method
    bits: int
    block: tuple[int, int] = (128, 128)
    zeros_less_one: bool = False
    load_bits: int | None = None

    @property
    def label(self) -> str:
        return "fp8" if self.method == "fp8" else f"{self.method}-{self.bits}bit"

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], source: str) -> PublishedQuantization:
        """Parse a `quantization_config` with a `quant_method`. Raises CheckpointError."""
        method = raw["quant_method"]
        if method not in get_args(Method):
            raise CheckpointError(
                f"{source} uses {quoted(method)} quantization; those supported beside MLX's are "
                f"{', '.join(get_args(Method))}: get the model's MLX version or its unquantized "
                "weights."
            )
        for key, values in _EXPECTED[method].items():
            if (value := raw.get(key)) is not None and value not in values:
                raise CheckpointError(
                    f"{source} has {key} {quoted(value)}; only "
                    f"{' or '.join(map(quoted, values))} can be read: get the model's MLX version."
                )
        bits = raw.get("bits", _BITS[method][-1] if method != "gptq" else 4)
        if type(bits) is not int or bits not in _BITS[method]:
            raise CheckpointError(
                f"{source} has {quoted(bits)} bits; {method} is supported with "
                f"{', '.join(map(str, _BITS[method]))}: get the model's MLX version."
            )
        less_one = method == "gptq" and raw.get("checkpoint_format") != "gptq_v2"
        return cls(method, bits, _block(raw, source) if method == "fp8" else (128, 128), less_one)


def _block(raw: Mapping[str, Any], source: str) -> tuple[int, int]:
    block = raw.get("weight_block_size")
    if not isinstance(block, list) or len(block) != 2 or not all(map(_is_size, block)):
        raise CheckpointError(
            f"{source} has weight_block_size {quoted(block)}; it must be two sizes such as "
            "[128, 128]: get the model's MLX version."
        )
    return block[0], block[1]


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 < value <= _LARGEST_BLOCK
