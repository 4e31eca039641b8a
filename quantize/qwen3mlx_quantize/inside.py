"""What is in a checkpoint: the size of its parts, and how far its weights are from a source's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx

from qwen3mlx.config import read_infos

from .common import number
from .source import Module, Source

# Every so many-th matrix of a stack is compared, and every so many-th run of rows of a large one.
SAMPLED = 8
# Their names, and the modules in them; what is in none is the last.
PARTS = {
    "embedding and head": ("embed_tokens", "lm_head"),
    "queries and outputs": ("q_proj", "o_proj"),
    "keys and values": ("k_proj", "v_proj"),
    "gate and up": ("gate_proj", "up_proj"),
    "down": ("down_proj",),
    "routers and norms": (),
}


@dataclass(frozen=True, slots=True)
class Inside:
    """`sizes` has the bytes of each of PARTS; `errors` each module's squared error over its squared
    weights, or None where the two have no weights to compare: AWQ scales them."""

    sizes: dict[str, int]
    errors: dict[str, float] | None


def look(candidate: Path, reference: Path) -> Inside:
    """Raises CheckpointError."""
    return Inside(sizes(candidate), _errors(Source(candidate), Source(reference)))


def sizes(folder: Path) -> dict[str, int]:
    found: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
    for name, info in read_infos(folder).items():
        found[_part(name)] += info.nbytes
    return dict(found)


def _part(tensor: str) -> str:
    module = tensor.split(".")[-2]
    return next((part for part, modules in PARTS.items() if module in modules), [*PARTS][-1])


def _errors(ours: Source, theirs: Source) -> dict[str, float] | None:
    if ours.modules != theirs.modules or not _same_norms(ours, theirs):
        return None
    return {module.path: _error(module, ours, theirs) for module in ours.modules}


def _same_norms(ours: Source, theirs: Source) -> bool:
    return ours.vectors == theirs.vectors and all(
        bool(mx.array_equal(ours.vector(name), theirs.vector(name)).item()) for name in ours.vectors
    )


def _error(module: Module, ours: Source, theirs: Source) -> float:
    """Of a sample of its rows."""
    squared, off = 0.0, 0.0
    for index in range(0, module.num_matrices, SAMPLED):
        blocks = (source.blocks(module, index, every=SAMPLED) for source in (ours, theirs))
        for mine, base in zip(*blocks, strict=True):
            base = base.astype(mx.float32)
            difference = mine.astype(mx.float32) - base
            off += number((difference * difference).sum())
            squared += number((base * base).sum())
    return off / squared if squared else 0.0
