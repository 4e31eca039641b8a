"""The quantizations and checkpoints that are compared with mlx-lm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.checkpoints import DENSE, DENSE_TIED, MOE, MOE_MIXED, Shape, StoredDtype

AFFINE_BITS = (2, 3, 4, 5, 6, 8)
AFFINE_GROUP_SIZES = (32, 64, 128)
MX_MODES = ("mxfp4", "mxfp8", "nvfp4")
RECIPES = ("mixed_2_6", "mixed_3_4", "mixed_3_6", "mixed_4_6")


@dataclass(frozen=True)
class Source:
    """A float checkpoint; `num_shards` files of `dtype`."""

    shape: Shape
    dtype: StoredDtype = "bfloat16"
    num_shards: int = 1


SOURCES = {
    "dense": Source(DENSE),
    "tied": Source(DENSE_TIED, num_shards=2),
    "moe": Source(MOE),
    "moe_mixed": Source(MOE_MIXED, num_shards=3),
    "fp16": Source(DENSE, "float16"),
    "fp32": Source(MOE, "float32", num_shards=2),
}


@dataclass(frozen=True)
class Case:
    """One quantized checkpoint. `mode` None leaves the weights as they are.

    `recipe` is one of mlx-lm's mixed recipes, `overrides` a per-module answer by path ending (what
    config.json then holds under that path).
    """

    source: str
    mode: str | None = "affine"
    bits: int | None = None
    group_size: int | None = None
    recipe: str | None = None
    overrides: tuple[tuple[str, dict[str, object] | bool], ...] = ()

    def __str__(self) -> str:
        parts = [self.source, self.recipe or self.mode or "float"]
        parts += [f"{self.bits}bit"] if self.bits else []
        parts += [f"gs{self.group_size}"] if self.group_size else []
        parts += ["overrides"] if self.overrides else []
        return "-".join(parts)


OVERRIDES: tuple[tuple[str, dict[str, object] | bool], ...] = (
    ("lm_head", False),
    ("layers.0.self_attn.q_proj", {"bits": 8, "group_size": 32}),
    ("layers.1.self_attn.v_proj", False),
    ("layers.1.mlp.gate_proj", {"bits": 6, "group_size": 64, "mode": "affine"}),
    ("layers.2.mlp.down_proj", {"bits": 4, "group_size": 32, "mode": "mxfp4"}),
)


def quick() -> Iterator[Case]:
    """Each mode, width, recipe and kind of model at least once."""
    for name in SOURCES:
        yield Case(name, mode=None)
    for bits in AFFINE_BITS:
        yield Case("dense", bits=bits, group_size=64)
    for group_size in (32, 128):
        yield Case("tied", bits=4, group_size=group_size)
    for mode in MX_MODES:
        yield Case("dense", mode=mode)
        yield Case("moe", mode=mode)
    for recipe in RECIPES:
        yield Case("dense", recipe=recipe)
    yield Case("moe", bits=4, group_size=64)
    yield Case("moe_mixed", bits=8, group_size=32)
    yield Case("moe_mixed", recipe="mixed_3_6")
    yield Case("dense", bits=4, group_size=64, overrides=OVERRIDES)


def exhaustive() -> Iterator[Case]:
    """Every mode x group size x kind of model that `quick` leaves out."""
    done = list(quick())
    for source in SOURCES:
        cases = [
            *(Case(source, bits=b, group_size=g) for b in AFFINE_BITS for g in AFFINE_GROUP_SIZES),
            *(Case(source, mode=mode) for mode in MX_MODES),
            *(Case(source, recipe=r, group_size=g) for r in RECIPES for g in (None, 32, 128)),
        ]
        yield from (case for case in cases if case not in done)
