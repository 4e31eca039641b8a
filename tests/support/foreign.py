"""Checkpoints as AWQ, GPTQ and FP8 store them, beside the floats that they mean: numpy alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from .checkpoints import Shape, write_checkpoint

Arrays = dict[str, np.ndarray]
# (out, in, random numbers) -> what is stored, by the last part of its name; and the matrix.
Maker = Callable[[int, int, np.random.Generator], tuple[Arrays, np.ndarray]]
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class ForeignPair:
    """One checkpoint as published, and one with the matrices that it means, in float32."""

    published: Path
    floats: Path


def write_pair(folder: Path, shape: Shape, config: Mapping[str, Any], make: Maker) -> ForeignPair:
    """`config` is the `quantization_config`; every projection is made by `make`.

    So is a router with as many experts as a block of integers holds.
    """
    published, floats = folder / "published", folder / "floats"
    write_checkpoint(published, shape, dtype="float16")
    write_checkpoint(floats, shape, dtype="float16")
    tensors = mx.load(str(published / "model.safetensors"))
    assert isinstance(tensors, dict)
    plain: dict[str, mx.array] = {**tensors}
    rng = np.random.default_rng(0)
    for name in sorted(tensors):
        path = name.removesuffix(".weight")
        is_router = path.endswith(".gate") and shape.num_experts % 32 == 0
        if not (path.endswith(PROJECTIONS) or is_router):
            continue
        out, width = tensors.pop(name).shape
        stored, matrix = make(out, width, rng)
        tensors |= {f"{path}.{part}": mx.array(array) for part, array in stored.items()}
        plain[name] = mx.array(matrix.astype(np.float32))
    for place, content in ((published, tensors), (floats, plain)):
        mx.eval(content)
        (place / "model.safetensors").unlink()
        mx.save_safetensors(str(place / "model.safetensors"), content)
    raw = json.loads((published / "config.json").read_text()) | {"quantization_config": config}
    (published / "config.json").write_text(json.dumps(raw))
    return ForeignPair(published, floats)


def words(values: np.ndarray, bits: int) -> np.ndarray:
    """[n, m] -> int32 [n * bits / 32, m]: value i has bits [i * bits, ...) of its column."""
    columns = []
    for column in values.T.astype(object):
        number = sum(int(value) << (bits * i) for i, value in enumerate(column))
        count = len(column) * bits // 32
        columns.append([(number >> (32 * word)) & 0xFFFFFFFF for word in range(count)])
    return np.array(columns, np.uint32).T.copy().view(np.int32)


def random_affine(
    out: int, width: int, group_size: int, bits: int, rng: np.random.Generator, least: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integers [in, out], zero points and float16 scales [in / group, out]."""
    groups = width // group_size
    values = rng.integers(0, 2**bits, (width, out))
    zeros = rng.integers(least, 2**bits, (groups, out))
    spread = rng.uniform(0.5, 1.5, (groups, out)) * 3 / 2**bits / np.sqrt(width)
    return values, zeros, spread.astype(np.float16)


def meant(values: np.ndarray, zeros: np.ndarray, scales: np.ndarray, of: np.ndarray) -> np.ndarray:
    """The matrix [out, in]; `of` [in] says each input's group."""
    return ((values - zeros[of]) * scales.astype(np.float64)[of]).T


def gptq(
    bits: int = 4, group_size: int = 128, *, less_one: bool = True, desc_act: str = "no"
) -> Maker:
    """`desc_act`: "no", "shared" by all matrices with as many inputs, or "own" of each matrix."""

    def make(out: int, width: int, rng: np.random.Generator) -> tuple[Arrays, np.ndarray]:
        size = width if group_size == -1 else min(group_size, width)
        values, zeros, scales = random_affine(out, width, size, bits, rng, least=int(less_one))
        of = np.arange(width) // size
        if desc_act != "no":
            of = (np.random.default_rng(width) if desc_act == "shared" else rng).permutation(of)
        stored = {
            "qweight": words(values, bits),
            "qzeros": words((zeros - int(less_one)).T, bits).T.copy(),
            "scales": scales,
            "g_idx": of.astype(np.int32),
        }
        return stored, meant(values, zeros, scales, of)

    return make


def awq(group_size: int = 128) -> Maker:
    def make(out: int, width: int, rng: np.random.Generator) -> tuple[Arrays, np.ndarray]:
        values, zeros, scales = random_affine(out, width, group_size, 4, rng)
        stored = {"qweight": awq_words(values), "qzeros": awq_words(zeros), "scales": scales}
        return stored, meant(values, zeros, scales, np.arange(width) // group_size)

    return make


def awq_words(values: np.ndarray) -> np.ndarray:
    """[n, m] -> int32 [n, m / 8], as AutoAWQ packs: place i of a word holds output order[i]."""
    order = (0, 2, 4, 6, 1, 3, 5, 7)
    found = np.zeros((values.shape[0], values.shape[1] // 8), np.uint32)
    for i, output in enumerate(order):
        found |= values[:, output::8].astype(np.uint32) << np.uint32(4 * i)
    return found.view(np.int32)


def e4m3(codes: np.ndarray) -> np.ndarray:
    """Sign, four bits of exponent (bias 7), three of mantissa; exponent 0 is subnormal."""
    exponent, mantissa = (codes >> 3) & 15, codes & 7
    normal = (1 + mantissa / 8) * 2.0 ** (exponent.astype(int) - 7)
    return np.where(codes & 128, -1, 1) * np.where(exponent, normal, mantissa / 8 * 2.0**-6)


def write_fp8(folder: Path, shape: Shape) -> ForeignPair:
    """With blocks of 128 x 128, and matrices that end within a block."""

    def make(out: int, width: int, rng: np.random.Generator) -> tuple[Arrays, np.ndarray]:
        codes = rng.choice(np.delete(np.arange(256), [127, 255]), (out, width)).astype(np.uint8)
        grid = (-(-out // 128), -(-width // 128))
        scales = (rng.uniform(0.5, 1.5, grid) / 128 / np.sqrt(width)).astype(np.float32)
        spread = scales.repeat(128, axis=0).repeat(128, axis=1)[:out, :width]
        return {"weight": codes, "weight_scale_inv": scales}, e4m3(codes) * spread

    config = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
              "weight_block_size": [128, 128]}  # fmt: skip
    pair = write_pair(folder, shape, config, make)
    file = pair.published / "model.safetensors"
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].replace(b'"U8"', b'"F8_E4M3"')
    file.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + length :])
    return pair
