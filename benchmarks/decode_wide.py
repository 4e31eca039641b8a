"""Decode at Qwen3-0.6B's real shape, float32."""

from __future__ import annotations

from .checkpoints import QWEN3_0_6B, checkpoint
from .compare import Run, alternate, decode_rows, same_tokens_note
from .process import both_sides
from .report import Report, Target, peer_arguments, publish
from .side import GREEDY, THINKING

TARGET = Target(">=", 1.05)
PROMPT_TOKENS, NUM_TOKENS = 16, 16


def run(repeats: int | None = None) -> Report:
    repeats, vocab_size = repeats or 5, QWEN3_0_6B.vocab_size
    greedy = Run(PROMPT_TOKENS, NUM_TOKENS, vocab_size, GREEDY)
    sampled = Run(PROMPT_TOKENS, NUM_TOKENS, vocab_size, THINKING)
    with both_sides(checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="float32")) as workers:
        greedy_samples = alternate(workers, greedy, repeats)
        sampled_samples = alternate(workers, sampled, repeats)
    return Report(
        scenario="decode_wide",
        setup=(
            "float32, Qwen3-0.6B's shape with random weights: all 28 layers and the whole "
            f"vocabulary; {PROMPT_TOKENS} tokens in, {NUM_TOKENS} out; median and quartiles."
        ),
        rows=[
            *decode_rows("greedy", greedy_samples, TARGET),
            *decode_rows("0.6 / 0.95 / 20", sampled_samples, TARGET),
        ],
        notes=[same_tokens_note(greedy_samples)],
    )


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
