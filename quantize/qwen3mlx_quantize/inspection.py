"""A checkpoint's weights: the size of its parts, and their error against the reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import Module, read_infos

from .common import number
from .events import OnEvent, Progress, ignore
from .names import name_of
from .source import Source

# Compare every n-th matrix of a stack, and every n-th block of a large matrix.
SAMPLED = 8
# Names of the parts, and the modules in them; everything else is in the last part.
PARTS = {
    "embedding and head": ("embed_tokens", "lm_head"),
    "queries and outputs": ("q_proj", "o_proj"),
    "keys and values": ("k_proj", "v_proj"),
    "gate and up": ("gate_proj", "up_proj"),
    "down": ("down_proj",),
    "routers and norms": (),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """`sizes` has the bytes of each of PARTS. `errors` has each module's squared error over its
    squared weights; None if the weights cannot be compared, as after AWQ, which scales them."""

    sizes: dict[str, int]
    errors: dict[str, float] | None


def inspect_weights(candidate: Path, reference: Path, on_event: OnEvent = ignore) -> Inspection:
    """Measure the checkpoint's weights. Raises CheckpointError."""
    errors = _errors(Source(candidate), Source(reference), on_event)
    return Inspection(sizes(candidate), errors)


def sizes(folder: Path) -> dict[str, int]:
    found: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
    for name, info in read_infos(folder).items():
        found[_part(name)] += info.nbytes
    return dict(found)


def _part(tensor: str) -> str:
    module = tensor.split(".")[-2]
    return next((part for part, modules in PARTS.items() if module in modules), [*PARTS][-1])


def _errors(ours: Source, theirs: Source, on_event: OnEvent) -> dict[str, float] | None:
    if ours.modules != theirs.modules or not _same_norms(ours, theirs):
        return None
    errors, name = {}, name_of(ours.folder)
    for index, module in enumerate(ours.modules):
        on_event(Progress("comparing weights", index, len(ours.modules), name))
        errors[module.path] = _error(module, ours, theirs)
    return errors


def _same_norms(ours: Source, theirs: Source) -> bool:
    return ours.vectors == theirs.vectors and all(
        bool(mx.array_equal(ours.vector(name), theirs.vector(name)).item()) for name in ours.vectors
    )


def _error(module: Module, ours: Source, theirs: Source) -> float:
    """Return squared error over squared weights, from a sample of rows."""
    squared, off = 0.0, 0.0
    for index in range(0, module.num_matrices, SAMPLED):
        blocks = (source.blocks(module, index, every=SAMPLED) for source in (ours, theirs))
        for mine, base in zip(*blocks, strict=True):
            base = base.astype(mx.float32)
            difference = mine.astype(mx.float32) - base
            off += number((difference * difference).sum())
            squared += number((base * base).sum())
    return off / squared if squared else 0.0
