"""What is asked of a conversion, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .evaluate import Quality
from .packing import Method
from .plan import Plan
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class Options:
    """`command` is how it was asked for, for the model card; `measures`: so is what it cost."""

    recipe: Recipe
    method: Method = "mse"
    resume: bool = False
    command: str = ""
    measures: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """`errors` has each quantized module's squared error, as a share of its squared weights.

    `quality` is there where it was to be measured.
    """

    folder: Path
    plan: Plan
    errors: dict[str, float]
    seconds: float
    quality: Quality | None = None
