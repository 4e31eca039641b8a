"""The Quantize page's file: the unfinished conversion, and the measured quality of others."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..quantization import Quality, QuantizeJob
from .files import read_json, write_file
from .values import Json, an_object, number, objects, text, whole

_FIGURES = (
    "bits_per_weight",
    "kl_mean",
    "kl_99",
    "agreement",
    "perplexity",
    "reference_perplexity",
)
# The largest number, the longest name, and the most bins of a histogram.
_LARGEST, _MAX_NAME, _MOST = 1e12, 1000, 10_000


class QuantizeFile:
    """A small JSON file, written atomically. What cannot be read is ignored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[QuantizeJob | None, list[Quality]]:
        values = an_object(read_json(self._path))
        qualities = map(_quality, objects(values.get("qualities")))
        return _job(an_object(values.get("job"))), [one for one in qualities if one is not None]

    def write(self, job: QuantizeJob | None, qualities: Sequence[Quality]) -> None:
        """Raises OSError."""
        values = {
            "job": dataclasses.asdict(job) if job else None,
            "qualities": [dataclasses.asdict(quality) for quality in qualities],
        }
        write_file(self._path, json.dumps(values).encode())


def quality_from(source: str, told: dict[str, Any]) -> Quality:
    """Convert the JSON of `qwen3mlx evaluate`. Raises KeyError, TypeError or ValueError."""
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


def _job(values: Json) -> QuantizeJob | None:
    names = ("source", "output", "recipe", "method")
    told = {name: text(values.get(name)) for name in names}
    if not all(told.values()) or any("\0" in one for one in told.values()):
        return None
    return QuantizeJob(**told, measures=values.get("measures") is not False)


def _quality(values: Json) -> Quality | None:
    """The measurement, or None if it cannot be drawn."""
    figures = {name: _figure(values.get(name)) for name in _FIGURES}
    edges, counts = _list(values.get("edges")), _list(values.get("counts"))
    rises = len(edges) > 1 and edges == sorted(set(edges))
    counted = len(counts) == len(edges) - 1 and sum(counts) > 0 and min(counts) >= 0
    size = whole(values.get("size_bytes"))
    if size is None or size <= 0 or None in figures.values() or not (rises and counted):
        return None
    return Quality(
        source=text(values.get("source")),
        name=text(values.get("name"))[:_MAX_NAME],
        size_bytes=size,
        edges=tuple(edges),
        counts=tuple(map(int, counts)),
        **figures,  # type: ignore[arg-type]  # none of them is None
    )


def _figure(value: object) -> float | None:
    known = number(value)
    return known if known is not None and 0 <= known <= _LARGEST else None


def _list(value: object) -> list[float]:
    """The numbers of a list; empty if it holds anything else."""
    given = value if isinstance(value, list) else []
    known = [number(one) for one in given[:_MOST]]
    return [one for one in known if one is not None] if None not in known else []
