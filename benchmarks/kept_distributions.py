"""How much of the KL divergence is lost by keeping only the reference's likeliest tokens.

The demo checkpoints in 4 and 3 bits, on their own evaluation texts; `KEPT` and fewer tokens of
their 1,984, as a share of the divergence over the whole vocabulary.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
from qwen3mlx_quantize import QuantizeRequest, distributions, run, texts

from qwen3mlx.model import load_model
from training.paths import DEMO, WEIGHTS

VOCABULARY, POSITIONS, EXPONENTS = 151_936, 32, (2.0, 1.5, 1.2)
COUNTS = (distributions.KEPT, 256, 64, 16)


def main() -> None:
    for name in ("dense", "moe"):
        reference, tokens = WEIGHTS / name, texts.evaluation(DEMO / name)
        expected = _logprobs(reference, tokens.documents)
        for bits in ("4bit", "3bit"):
            with tempfile.TemporaryDirectory() as folder:
                output = Path(folder) / "out"
                run(QuantizeRequest(source=reference, output=output, recipe=bits, method="rtn"))
                got = _logprobs(output, tokens.documents)
            _print(f"{name} {bits}", expected, got)
    for exponent in EXPONENTS:
        _print(f"made up, exponent {exponent}", *_made_up(exponent))


def _print(name: str, expected: mx.array, got: mx.array) -> None:
    whole = (mx.exp(expected) * (expected - got)).sum(-1).mean().item()
    entropy = -(mx.exp(expected) * expected).sum(-1).mean().item()
    parts = [f"{name}: entropy {entropy:.2f}, KL {whole:.5f}"]
    for count in COUNTS:
        distributions.KEPT = count
        made = distributions.Distributions.of(expected, [0] * (len(expected) + 1))
        parts.append(f"{count}: {made.divergence(got).mean().item() / whole:.4f}")
    print("; ".join(parts))


def _made_up(exponent: float) -> tuple[mx.array, mx.array]:
    ranks = mx.arange(1, VOCABULARY + 1, dtype=mx.float32)
    logits = mx.broadcast_to(-exponent * mx.log(ranks), (POSITIONS, VOCABULARY))
    noise = 0.3 * mx.random.normal(logits.shape, key=mx.random.key(0))
    return _normalized(logits), _normalized(logits + noise)


def _normalized(logits: mx.array) -> mx.array:
    return logits - mx.logsumexp(logits, axis=-1, keepdims=True)


def _logprobs(folder: Path, documents: Sequence[Sequence[int]]) -> mx.array:
    model = load_model(folder)
    found = []
    for ids in documents:
        logits = model(mx.array([list(ids)]))[0, :-1]
        found.append(_normalized(logits))
        mx.eval(found[-1])
    return mx.concatenate(found)


if __name__ == "__main__":
    main()
