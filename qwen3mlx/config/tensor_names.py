"""Names of a checkpoint's tensors: transformers', and those of MLX's checkpoints, which we use."""

from __future__ import annotations

import re
from collections.abc import Collection

_MODEL = "model."
_EMBEDDING = "embed_tokens.weight"
_FUSED = re.compile(r"(.*\.mlp)\.experts\.(gate_up_proj|down_proj)")
_BESIDE_THE_MODEL = ("lm_head.", "score.")
# Parts of a name that stand for a wrapper around a module: torch.compile's, FSDP's, that of
# activation checkpointing, and DDP's or DeepSpeed's.
_WRAPPER = re.compile(
    r"(?:(?<=\.)|^)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|module)\."
)
# What PEFT and mlx-lm call the parts of a module with an adapter.
_ADAPTER_PARTS = {"base_layer", "lora_A", "lora_B", "lora_magnitude_vector", "lora_a", "lora_b"}


def is_bare(embedding: str) -> bool:
    """Return whether this is the stored name of a bare model's embedding, without `model.`."""
    return _unwrapped(embedding) == _EMBEDDING


def is_of_adapter(stored: str) -> bool:
    """Return whether a tensor belongs to a LoRA adapter, or to a matrix that has one."""
    return not _ADAPTER_PARTS.isdisjoint(stored.split("."))


def mlx_names(stored: Collection[str]) -> dict[str, str]:
    """Return the stored name of each tensor by its name in MLX's checkpoints.

    Wrappers are left out, and so is what stands before the model, such as `base_model.model.` or
    `language_model.`: the embedding's name tells, if there is one. transformers 5 can store a
    layer's experts as stacks whose names have no `.weight`.
    """
    unwrapped = {name: _unwrapped(name) for name in stored}
    around = _prefix(unwrapped.values())
    return {_mlx_name(name, around): before for before, name in unwrapped.items()}


def _unwrapped(stored: str) -> str:
    return _WRAPPER.sub("", stored)


def _prefix(names: Collection[str]) -> str:
    """Return what the names of the model's own tensors begin with: usually `model.`."""
    found = [name for name in names if f".{name}".endswith(f".{_EMBEDDING}")]
    return found[0].removesuffix(_EMBEDDING) if len(found) == 1 else _MODEL


def _mlx_name(name: str, prefix: str) -> str:
    if f".{prefix}".endswith(f".{_MODEL}"):
        name = name.removeprefix(prefix.removesuffix(_MODEL))
    elif name.startswith(prefix):
        name = name.removeprefix(prefix)
        name = name if name.startswith(_BESIDE_THE_MODEL) else f"{_MODEL}{name}"
    if match := _FUSED.fullmatch(name):
        return f"{match[1]}.switch_mlp.{match[2]}.weight"
    return name
