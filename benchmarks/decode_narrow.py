"""Decode where the host's cost dominates: 36 layers of hidden size 64."""

from __future__ import annotations

from .checkpoints import NARROW, checkpoint
from .compare import Run, alternate, decode_rows, same_tokens_note
from .process import both_sides
from .report import Report, Target, peer_arguments, publish
from .side import GREEDY, THINKING

PROMPT_TOKENS, NUM_TOKENS = 16, 272
LONG_PROMPT_TOKENS = 1500
TARGET = Target(">=", 1.4)


def run(repeats: int | None = None) -> Report:
    repeats = repeats or 5
    greedy = Run(PROMPT_TOKENS, NUM_TOKENS, NARROW.vocab_size, GREEDY)
    sampled = Run(PROMPT_TOKENS, NUM_TOKENS, NARROW.vocab_size, THINKING)
    long = Run(LONG_PROMPT_TOKENS, NUM_TOKENS // 4, NARROW.vocab_size, GREEDY)
    with both_sides(checkpoint("narrow", NARROW, dtype="float32")) as workers:
        greedy_samples = alternate(workers, greedy, repeats)
        sampled_samples = alternate(workers, sampled, repeats)
        long_samples = alternate(workers, long, repeats)
    return Report(
        scenario="decode_narrow",
        setup=(
            f"float32, {NARROW.num_hidden_layers} layers, hidden {NARROW.hidden_size}, vocabulary "
            f"{NARROW.vocab_size}, {PROMPT_TOKENS} tokens in, {NUM_TOKENS} out (the cache grows "
            "once); median and quartiles."
        ),
        rows=[
            *decode_rows("greedy", greedy_samples, TARGET),
            *decode_rows("0.6 / 0.95 / 20", sampled_samples, TARGET),
            *decode_rows(f"greedy after {LONG_PROMPT_TOKENS} tokens", long_samples, None),
        ],
        notes=[same_tokens_note(greedy_samples)],
    )


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
