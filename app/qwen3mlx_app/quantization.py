"""The values of the Quantize page: conversions, and what they cost in quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeJob:
    """A conversion: its folders, and the names of its recipe and method.

    If `measures`, the quality loss is measured; the source must fit in memory for that.
    """

    source: str
    output: str
    recipe: str
    method: str
    measures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeState:
    """The progress of a conversion: `done` from 0 to 1, `left_s` in seconds or None if unknown."""

    phase: Literal["idle", "running", "paused", "done", "failed"] = "idle"
    job: QuantizeJob | None = None
    done: float = 0.0
    left_s: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality loss of a quantization, from `qwen3mlx evaluate`; KL in nats per token.

    `counts` has the number of tokens in each bin between `edges`, in log10 of KL.
    """

    source: str
    name: str
    size_bytes: int
    bits_per_weight: float
    kl_mean: float
    kl_99: float
    agreement: float
    perplexity: float
    reference_perplexity: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
