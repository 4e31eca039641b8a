"""A model's matrices by the names and shapes of MLX's checkpoints."""

from __future__ import annotations

import math
from typing import NamedTuple


class Module(NamedTuple):
    """A matrix [out, in], or a stack of experts [experts, out, in]."""

    path: str
    shape: tuple[int, ...]

    @property
    def num_weights(self) -> int:
        return math.prod(self.shape)

    @property
    def num_matrices(self) -> int:
        return self.shape[0] if len(self.shape) == 3 else 1


def expert_path(path: str, expert: int) -> str:
    """Hugging Face's name for one matrix of the stack `path`: it stores experts one by one."""
    prefix, name = path.rsplit(".switch_mlp.", 1)
    return f"{prefix}.experts.{expert}.{name}"


def fused_path(path: str) -> str | None:
    """Return the stack [experts, 2 * out, in] in which transformers 5 can keep those of `path`.

    Its first half is `gate_proj`, its second `up_proj`. None for any other path.
    """
    prefix, _, name = path.rpartition(".")
    is_half = prefix.endswith(".switch_mlp") and name in ("gate_proj", "up_proj")
    return f"{prefix}.gate_up_proj" if is_half else None
