"""Prefill at Qwen3-0.6B's real widths, float32."""

from __future__ import annotations

from .checkpoints import QWEN3_0_6B_FOUR_LAYERS, checkpoint
from .compare import Run, alternate, prefill_row
from .process import both_sides
from .report import Report, Target, peer_arguments, publish
from .side import GREEDY

TARGET = Target(">=", 1.0)
# Prompt tokens, and repetitions: a long prompt takes minutes on two cores.
PROMPTS = {512: 4, 2048: 2}


def run(repeats: int | None = None) -> Report:
    shape = QWEN3_0_6B_FOUR_LAYERS
    rows = []
    with both_sides(checkpoint("qwen3-0.6b-4-layers", shape, dtype="float32")) as workers:
        for prompt_tokens, usual_repeats in PROMPTS.items():
            prefill = Run(prompt_tokens, 2, shape.vocab_size, GREEDY)
            samples = alternate(workers, prefill, repeats or usual_repeats)
            rows.append(prefill_row(samples, prefill, TARGET))
    return Report(
        scenario="prefill_wide",
        setup=(
            f"float32, {shape.num_hidden_layers} of Qwen3-0.6B's 28 layers and its whole "
            "vocabulary, random weights; prompt tokens divided by the time to the first token; "
            "median and quartiles. Both skip most of the last layer for all tokens but the last."
        ),
        rows=rows,
    )


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
