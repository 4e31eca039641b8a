"""Names of a checkpoint's tensors: transformers', and those of MLX's checkpoints, which we use."""

from __future__ import annotations

import re
from collections.abc import Collection

_EMBEDDING = "embed_tokens.weight"
_FUSED = re.compile(r"(.*\.mlp)\.experts\.(gate_up_proj|down_proj)")
_BESIDE_THE_MODEL = ("lm_head.", "score.")


def has_bare_names(names: Collection[str]) -> bool:
    """Return whether the tensors are stored without the prefix `model.`, as of a bare model."""
    return _EMBEDDING in names and f"model.{_EMBEDDING}" not in names


def mlx_names(stored: Collection[str]) -> dict[str, str]:
    """Return the stored name of each tensor by its name in MLX's checkpoints.

    transformers 5 can store a layer's experts as stacks whose names have no `.weight`.
    """
    prefix = "model." if has_bare_names(stored) else ""
    return {_mlx_name(name, prefix): name for name in stored}


def _mlx_name(stored: str, prefix: str) -> str:
    name = stored if stored.startswith(_BESIDE_THE_MODEL) else prefix + stored
    if match := _FUSED.fullmatch(name):
        return f"{match[1]}.switch_mlp.{match[2]}.weight"
    return name
