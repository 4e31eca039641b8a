"""Peak memory of a fresh process while it loads a checkpoint, relative to the weights' size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .checkpoints import QWEN3_0_6B, checkpoint
from .process import SIDES, SideName, environment, program, root
from .report import Report, Row, Target, peer_arguments, publish
from .stats import Summary

TARGET = Target("<=", 1.1)
MB = 1e6
RATIO_OF = "ours/weights in memory"


def run(repeats: int | None = None) -> Report:
    cases = {
        "float32, 1 file": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="float32"),
        "float32, 4 shards": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="float32", num_shards=4),
        "bfloat16, 1 file": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="bfloat16"),
        "bfloat16, 4 shards": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="bfloat16", num_shards=4),
    }
    rows = []
    for label, folder in cases.items():
        probes: dict[SideName, list[dict[str, Any]]] = {side: [] for side in SIDES}
        for repeat in range(repeats or 3):
            for side in SIDES if repeat % 2 else reversed(SIDES):
                probes[side].append(probe(side, folder))
        rows.extend(_rows(label, probes))
    return Report(
        scenario="load_memory",
        setup=(
            "Qwen3-0.6B's shape with random weights (596 million parameters). Peak RSS of the "
            "whole process, including interpreter and libraries. By default on the CPU, qwen3mlx "
            "holds bfloat16 checkpoints in float32, mlx-lm in bfloat16."
        ),
        rows=rows,
    )


def probe(side: SideName, folder: Path) -> dict[str, Any]:
    """Measure one load. The files are read first, as the system may have dropped them meanwhile."""
    for shard in folder.glob("*.safetensors"):
        with shard.open("rb") as file:
            while file.read(2**24):
                pass
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.load_probe"]
    command += [program(side), str(folder)]
    done = subprocess.run(
        command, cwd=root(side), env=environment(side), stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"  {side} {folder.name}: {found}", file=sys.stderr)
    return found


def _rows(label: str, probes: dict[SideName, list[dict[str, Any]]]) -> list[Row]:
    def summary(side: SideName, key: str, scale: float = MB) -> Summary:
        return Summary.of([found[key] / scale for found in probes[side]])

    def both(metric: str, unit: str, key: str, scale: float = MB) -> Row:
        ours, peer = summary("ours", key, scale), summary("peer", key, scale)
        return Row(f"{metric}, {label}", unit, ours, peer, ours.median / peer.median)

    peak = summary("ours", "peak_rss")
    ratio = peak.median / summary("ours", "weight_bytes").median
    return [
        Row(f"peak RSS, {label}", "MB", peak, summary("peer", "peak_rss"), ratio, TARGET, RATIO_OF),
        both("weights in memory", "MB", "weight_bytes"),
        both("RSS before", "MB", "before"),
        both("loading", "s", "seconds", 1.0),
        both("processor time of loading", "s", "cpu_s", 1.0),
    ]


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
