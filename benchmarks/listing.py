"""The time to list 500 models in five folders, of which one is broken: cold and warm."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from qwen3mlx.library import Library
from tests.library.models import write_model

from .report import Report, Row, Target, arguments, publish
from .stats import Summary

FOLDERS, MODELS = 5, 100
COLD, WARM = Target("<=", 300), Target("<=", 50)


def run(repeats: int | None = None) -> Report:
    with tempfile.TemporaryDirectory() as name:
        roots = [Path(name, f"folder-{number}") for number in range(FOLDERS)]
        for root in roots:
            for number in range(MODELS):
                write_model(root / f"publisher-{root.name}" / f"Qwen3-{number}")
        (roots[0] / f"publisher-{roots[0].name}" / "Qwen3-0" / "config.json").write_text("{")
        cold, warm = _measured(roots, repeats or 5)
    rows = [
        _row("first listing", cold, COLD),
        _row("again", warm, WARM),
    ]
    setup = (
        f"{FOLDERS * MODELS} small models in {FOLDERS} folders, one of them broken, which is told. "
        "`first listing` reads their small files and the headers of their weights; `again` looks "
        "whether files have changed. The system has the files in memory."
    )
    return Report(scenario="listing", setup=setup, rows=rows)


def _measured(roots: list[Path], repeats: int) -> tuple[list[float], list[float]]:
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(repeats):
        library = Library(roots)
        for times in (cold, warm):
            start = time.perf_counter()
            scan = library.scan()
            times.append(1000 * (time.perf_counter() - start))
            of_ours = [model for model in scan.models if model.source == "folder"]
            assert (len(of_ours), len(scan.skipped)) == (FOLDERS * MODELS - 1, 1)
    return cold, warm


def _row(metric: str, times: list[float], target: Target) -> Row:
    ratio = statistics.median(times)
    return Row(metric, "ms", Summary.of(times), None, ratio, target, "milliseconds")


if __name__ == "__main__":
    options = arguments(__doc__)
    publish(run(options.repeats), save=options.save)
