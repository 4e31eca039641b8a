"""AWQ, GPTQ and FP8 tensors -> MLX's matrices. Imported for a checkpoint that has them.

AWQ (AutoAWQ's `gemm`) and GPTQ store x @ w: `qweight` [in, out] packed, `qzeros` [in / group, out]
packed, `scales` [in / group, out]; a weight is scale * (q - zero). MLX's affine form is scale * q +
bias, so that the integers stay as they are. GPTQ packs eight inputs into a word, and AWQ eight
outputs, in the order _AWQ_ORDER. With `desc_act`, GPTQ's `g_idx` [in] says the group of each input.
FP8 (DeepSeek's, which Qwen uses) has a `weight` in e4m3, and a scale for each block of it.
"""

from __future__ import annotations

import mlx.core as mx

from ..config import PublishedQuantization, QuantizationSpec
from ..config.published import LOAD_GROUP
from ..errors import CheckpointError
from .checkpoint import TensorStore
from .linear import dequantized
from .packed import Packed, packed, unpacked

_AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
_WORD = 32
_GROUP_SIZES = (32, 64, 128)


class ForeignMatrices:
    """Reads the quantized matrices of a checkpoint, in `dtype` what is float."""

    def __init__(
        self, checkpoint: TensorStore, quantization: PublishedQuantization, dtype: mx.Dtype
    ) -> None:
        self._checkpoint = checkpoint
        self._quantization = quantization
        self._dtype = dtype

    def packed(self, path: str, shape: tuple[int, ...]) -> Packed | None:
        """Return matrix `path` [out, in]; None if it is float. Raises CheckpointError."""
        if f"{path}.qweight" in self._checkpoint:
            return self._affine(path, shape)
        if f"{path}.weight_scale_inv" in self._checkpoint:
            return self._as_loaded(self._fp8(path, shape))
        return None

    def floats(self, path: str, shape: tuple[int, ...]) -> mx.array | None:
        """Return matrix `path` [out, in] in float; None if it is stored so."""
        found = self.packed(path, shape)
        if found is None or found.spec is None:
            return None if found is None else found.weight
        assert found.scales is not None
        matrix = dequantized(found.weight, found.scales, found.biases, found.spec, self._dtype)
        return matrix if found.order is None else matrix[:, mx.argsort(mx.array(found.order))]

    def _as_loaded(self, matrix: mx.array) -> Packed:
        """Return a matrix of floats as the user wants it in memory."""
        bits = self._quantization.load_bits
        if bits is None or matrix.shape[-1] % LOAD_GROUP:
            return Packed(matrix)
        spec = QuantizationSpec(LOAD_GROUP, bits)
        return Packed(*mx.quantize(matrix, LOAD_GROUP, bits), spec)

    def _affine(self, path: str, shape: tuple[int, ...]) -> Packed:
        out, width = shape
        scales = self._checkpoint.take(f"{path}.scales")
        groups = scales.shape[0] if scales.ndim == 2 else 0
        if not groups or width % groups or width % _WORD or out % _WORD:
            raise CheckpointError(
                f"{self._checkpoint.folder}: {path}.scales has shape {list(scales.shape)}, which "
                f"does not fit a matrix {[out, width]}."
            )
        bits = self._bits(path, shape)
        words = bits * out // _WORD
        zeros = self._words(f"{path}.qzeros", (groups, words))
        if self._quantization.method == "awq":
            values = _awq_values(self._words(f"{path}.qweight", (width, words))).T
            zeros, order = _awq_values(zeros), None
        else:
            order = self._order(path, width, groups)
            values = unpacked(self._words(f"{path}.qweight", (bits * width // _WORD, out)).T, bits)
            zeros = unpacked(zeros, bits)
        if self._quantization.zeros_less_one:
            zeros = (zeros + 1) & (2**bits - 1)
        if order is not None:
            values = values[:, mx.array(order)]
        group_size, times = self._group_size(path, width // groups)
        scales = scales.astype(mx.float32)
        biases = -scales * zeros.astype(mx.float32)
        scales, biases = (
            mx.repeat(each.T, times, axis=1).astype(self._dtype) for each in (scales, biases)
        )
        spec = QuantizationSpec(group_size, bits)
        return Packed(packed(values, bits), scales, biases, spec, order=order)

    def _bits(self, path: str, shape: tuple[int, ...]) -> int:
        """Return the bits that the shape of `qweight` means: modules can differ."""
        if self._quantization.method == "awq":
            return self._quantization.bits
        out, width = shape
        stored = self._checkpoint.infos[f"{path}.qweight"]
        bits = stored.shape[0] * _WORD // width if stored.shape else 0
        if bits not in (2, 3, 4, 8) or stored.shape != (bits * width // _WORD, out):
            raise CheckpointError(
                f"{stored.shard}: {stored.stored} has shape {list(stored.shape)}, which is no "
                f"matrix {[out, width]} of 2, 3, 4 or 8 bits."
            )
        return bits

    def _words(self, name: str, shape: tuple[int, ...]) -> mx.array:
        words = self._checkpoint.take(name, shape)
        if words.dtype not in (mx.int32, mx.uint32):
            info = self._checkpoint.infos[name]
            raise CheckpointError(f"{info.shard}: {info.stored} is {info.dtype}; it must be I32.")
        return words.view(mx.uint32)

    def _group_size(self, path: str, size: int) -> tuple[int, int]:
        """Return MLX's group size, and how many of its groups are one of these."""
        for known in reversed(_GROUP_SIZES):
            if size % known == 0:
                return known, size // known
        raise CheckpointError(
            f"{self._checkpoint.folder}: {path} has groups of {size}; those that MLX has are "
            "multiples of 32."
        )

    def _order(self, path: str, width: int, groups: int) -> tuple[int, ...] | None:
        """Return the inputs, sorted by their groups; None if they are in order."""
        if f"{path}.g_idx" not in self._checkpoint:
            return None
        group_of = self._checkpoint.take(f"{path}.g_idx", (width,))
        expected = mx.repeat(mx.arange(groups), width // groups)
        if mx.array_equal(group_of, expected):
            return None
        numbers: list[int] = group_of.tolist()  # type: ignore[assignment]
        order = sorted(range(width), key=numbers.__getitem__)
        if [numbers[i] for i in order] != expected.tolist():
            raise CheckpointError(
                f"{self._checkpoint.folder}: {path}.g_idx has groups of different sizes, which "
                "MLX does not have; get the model's MLX version."
            )
        return tuple(order)

    def _fp8(self, path: str, shape: tuple[int, ...]) -> mx.array:
        """Return the products in float32, rounded to the dtype."""
        out, width = shape
        rows, columns = self._quantization.block
        scales = self._checkpoint.take(
            f"{path}.weight_scale_inv", (-(-out // rows), -(-width // columns))
        )
        weight = self._checkpoint.take(f"{path}.weight", shape)
        info = self._checkpoint.infos[f"{path}.weight"]
        if info.dtype != "F8_E4M3" or not mx.issubdtype(scales.dtype, mx.floating):
            raise CheckpointError(
                f"{info.shard}: {info.stored} is {info.dtype} and has scales; it must be F8_E4M3."
            )
        spread = mx.repeat(mx.repeat(scales.astype(mx.float32), rows, axis=0), columns, axis=1)
        values = mx.from_fp8(weight, mx.float32) * spread[:out, :width]
        return values.astype(self._dtype)


def _awq_values(words: mx.array) -> mx.array:
    """[n, out / 8] words -> [n, out] values."""
    values = unpacked(words, 4).reshape(words.shape[0], -1, len(_AWQ_ORDER))
    return values[..., mx.array(_AWQ_ORDER)].flatten(1)
