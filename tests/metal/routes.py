"""Which of Metal's kernels MLX takes for which shapes: MLX's own conditions (`READ_FROM`)."""

from __future__ import annotations

from typing import Literal

# The last letter of a GPU's architecture: base and Pro, Max, Ultra.
Chip = Literal["g", "s", "d"]
CHIPS: tuple[Chip, ...] = ("g", "s", "d")
# The generations of its GPU that an M1, M2, M3, M4 and M5 have.
GENERATIONS = (13, 14, 15, 16, 17)


def attention(
    queries: int, keys: int, group: int, head_dim: int, *, masked: bool, chip: Chip
) -> str:
    """scaled_dot_product_attention.cpp: has_fused_kernel, use_fallback and eval_gpu.

    `group` is the number of query heads for each key head.
    """
    if queries > 8:
        if head_dim not in (64, 72, 80, 96, 128):
            return "fallback"
        return "matrix"
    if head_dim not in (64, 96, 128, 256) or queries > keys or queries * group > 32:
        return "fallback"
    if not ((chip != "g" and keys >= 1024) or (group > 1 and keys >= 4096)):
        return "vector"
    whole_group = not masked and queries == 1 and group == 8 and head_dim in (64, 128)
    return (
        "vector, two passes, once for a group"
        if whole_group and keys >= 8192
        else ("vector, two passes")
    )


def rows_of_vector_product(inner: int, outer: int, generation: int, chip: Chip) -> int:
    """quantized.cpp, get_qmv_batch_limit: fewer rows than this take the kernel for vectors."""
    size = 0 if max(inner, outer) <= 2048 else 1 if max(inner, outer) <= 4096 else 2
    if chip == "d":
        return (32, 18, 12)[size]
    if generation >= 17:
        return (33, 25, 13)[size]
    if generation >= 15:
        return (13, 15, 13)[size]
    return (14, 10, 6)[size] if generation >= 13 else (18, 12, 10)[size]


def experts(rows: int, num_experts: int, *, sorted_rows: bool) -> str:
    """quantized.cpp, GatherQMM::eval_gpu, for one row at a time (M is 1)."""
    if sorted_rows and rows >= 16 and rows // num_experts >= 4:
        return "matrix"
    return "vector"


def product_with_quantized_values(rows: int, keys: int) -> str:
    """quantized.cpp, QuantizedMatmul::eval_gpu, for weights that are not transposed."""
    if rows >= 4:
        return "matrix"
    return "vector" if keys < 1024 else "vector, in parts"
