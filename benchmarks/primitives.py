"""Graph nodes per decode step, including the sampler, that each side passes to MLX."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .checkpoints import NARROW, QUANTIZED, checkpoint
from .compare import Run
from .process import SIDES, SideName, both_sides
from .report import Report, Row, Target, peer_arguments, publish
from .side import GREEDY, THINKING

TARGET = Target("<=", 0.8)
NUM_STEPS = 16
# A fresh model's first tokens, and the steady state: qwen3mlx compiles its step in between.
PHASES = {"first tokens": 2, "after 96": 96}
SAMPLERS = {"greedy": GREEDY, "0.6 / 0.95 / 20": THINKING}


def run(repeats: int | None = None) -> Report:
    """Count primitives. Counting needs no repetition, so `repeats` is ignored."""
    cases = {
        "36 layers": (checkpoint("narrow", NARROW, dtype="float32"), NARROW.vocab_size),
        "2 layers, real width": (
            checkpoint("qwen3-0.6b-2-layers", QUANTIZED, dtype="float32"),
            QUANTIZED.vocab_size,
        ),
    }
    rows, kinds = [], {}
    for name, (folder, vocab_size) in cases.items():
        for label, sampling in SAMPLERS.items():
            with both_sides(folder) as workers:
                step = asdict(Run(16, NUM_STEPS, vocab_size, sampling))
                for phase, skip in PHASES.items():
                    counts = {
                        side: workers[side].ask("primitives", **step, skip_tokens=skip)
                        for side in SIDES
                    }
                    row = _row(f"{name}, {label}, {phase}", counts)
                    kinds[row.metric] = {side: counts[side]["kinds"] for side in SIDES}
                    rows.append(row)
    return Report(
        scenario="primitives",
        setup=(
            f"Primitives per decode step in the graph passed to MLX, over {NUM_STEPS} steps, on "
            "this backend (MLX's CPU backend has no fused RoPE, RMS norm or attention: each is "
            "several primitives there). A kernel fused by mx.compile counts as one on both sides."
        ),
        rows=rows,
        extra={"kinds": kinds},
    )


def _row(label: str, counts: dict[SideName, dict[str, Any]]) -> Row:
    ours, peer = ([counts[side]["per_step"]] for side in SIDES)
    return Row.compare(label, "primitives", ours, peer, TARGET)


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
