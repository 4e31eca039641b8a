"""What the Quantize page remembers: the conversion that is not over, and what others cost."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..domain import Quality, QuantizeJob


class QuantizeFile:
    """One small JSON file, written as a whole. What cannot be read is as good as not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[QuantizeJob | None, list[Quality]]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
            job = QuantizeJob(**values["job"]) if values["job"] else None
            return job, [_quality(one) for one in values["qualities"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None, []

    def write(self, job: QuantizeJob | None, qualities: Sequence[Quality]) -> None:
        """Raises OSError."""
        values = {
            "job": dataclasses.asdict(job) if job else None,
            "qualities": [dataclasses.asdict(quality) for quality in qualities],
        }
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(values, file)
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise


def quality_from(source: str, told: dict[str, Any]) -> Quality:
    """Of `qwen3mlx evaluate`'s JSON. Raises KeyError, TypeError, ValueError for anything else."""
    edges, counts = told["histogram"]
    return Quality(
        source=source,
        name=str(told["name"]),
        size_bytes=int(told["size_bytes"]),
        bits_per_weight=float(told["bits_per_weight"]),
        kl_mean=float(told["kl_mean"]),
        kl_99=float(told["kl_quantiles"]["0.99"]),
        agreement=float(told["agreement"]),
        perplexity=float(told["perplexity"]),
        reference_perplexity=float(told["reference_perplexity"]),
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
    )


def _quality(values: dict[str, Any]) -> Quality:
    edges, counts = tuple(values.pop("edges")), tuple(values.pop("counts"))
    return Quality(**values, edges=edges, counts=counts)
