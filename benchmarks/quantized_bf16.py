"""A 4-bit checkpoint with bfloat16 scales, as on the hub, with each side's defaults."""

from __future__ import annotations

from .checkpoints import QUANTIZED, checkpoint, quantized_checkpoint
from .compare import Run, alternate, decode_rows, prefill_row
from .process import both_sides
from .report import Report, Target, peer_arguments, publish
from .side import GREEDY, THINKING

TARGET = Target(">=", 4.0)
NUM_TOKENS, PROMPT_TOKENS = 12, 64


def run(repeats: int | None = None) -> Report:
    repeats = repeats or 5
    source = checkpoint("qwen3-0.6b-2-layers", QUANTIZED, dtype="bfloat16")
    decode = Run(16, NUM_TOKENS, QUANTIZED.vocab_size, GREEDY)
    sampled = Run(16, NUM_TOKENS, QUANTIZED.vocab_size, THINKING)
    prefill = Run(PROMPT_TOKENS, 2, QUANTIZED.vocab_size, GREEDY)
    with both_sides(quantized_checkpoint(source)) as workers:
        decode_samples = alternate(workers, decode, repeats)
        sampled_samples = alternate(workers, sampled, repeats)
        prefill_samples = alternate(workers, prefill, repeats)
    return Report(
        scenario="quantized_bf16",
        setup=(
            f"Affine 4-bit, groups of 64, bfloat16 scales; Qwen3-0.6B's widths, "
            f"{QUANTIZED.num_hidden_layers} layers, vocabulary {QUANTIZED.vocab_size}. On the CPU, "
            "mlx-lm computes in bfloat16, qwen3mlx in float32: this choice is what is measured. "
            f"16 tokens in, {NUM_TOKENS} out; median and quartiles."
        ),
        rows=[
            *decode_rows("greedy", decode_samples, TARGET),
            *decode_rows("0.6 / 0.95 / 20", sampled_samples, TARGET),
            prefill_row(prefill_samples, prefill, TARGET),
        ],
    )


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
