"""A conversion with every choice made, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from .packing import Method
from .plan import Plan
from .quality import Quality
from .source import FloatSource
from .texts import Calibration

SourceT = TypeVar("SourceT", bound=FloatSource, covariant=True)


@dataclass(frozen=True, slots=True)
class Conversion(Generic[SourceT]):
    """Write `plan`, made for `source`, into the folder `output`.

    `command` is quoted in the model card. `measure` evaluates the result against the source.
    `adapter` is the one that `source` has fused into its matrices. `calibration` is the text that
    recipe or method used, if any.
    """

    source: SourceT
    output: Path
    plan: Plan
    method: Method
    resume: bool = False
    command: str = ""
    measure: bool = False
    adapter: Path | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class QuantizeResult:
    """The new checkpoint `folder`; after a dry run, the one that would be written.

    `errors` maps each quantized module to its squared error relative to its squared weights.
    `quality` is None unless the request set `measure`.
    """

    folder: Path
    plan: Plan
    dry_run: bool = False
    errors: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    quality: Quality | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the output of `--json`: sizes in bytes; for a dry run, also the files' names."""
        facts: dict[str, Any] = {
            "recipe": self.plan.recipe.name,
            "size_bytes": self.plan.nbytes,
            "bits_per_weight": self.plan.bits_per_weight,
            "num_weights": self.plan.num_weights,
            "files": [shard.name for shard in self.plan.shards],
        }
        if self.dry_run:
            return facts
        facts |= {"output": str(self.folder), "seconds": self.seconds, "errors": self.errors}
        return facts if self.quality is None else facts | {"quality": self.quality.as_json()}
