"""The values of the Quantize page: conversions, and what they cost in quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeJob:
    """A conversion that is wanted: folders, a recipe's and a method's name.

    `measures`: what it cost is measured, too; the source must go into the memory for that.
    """

    source: str
    output: str
    recipe: str
    method: str
    measures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeState:
    """Where the conversion stands; `done` of 1, `left_s` seconds, None while it is not known."""

    phase: Literal["idle", "running", "paused", "done", "failed"] = "idle"
    job: QuantizeJob | None = None
    done: float = 0.0
    left_s: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What quantizing cost, as `qwen3mlx evaluate` tells it; KL in nats per token.

    `edges` (log10 of a token's KL) bound the bins whose tokens `counts` has.
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
