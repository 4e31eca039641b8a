"""The figures of an evaluation as a text table."""

from __future__ import annotations

from collections.abc import Sequence

from .quality import Quality

_HEAD = ("model", "GB", "bits/weight", "KL", "KL 99%", "same top", "perplexity", "tokens/s")


def table(found: Sequence[Quality]) -> str:
    """Return one row per model; the last line has the text and the reference's perplexity."""
    rows = [_HEAD, *map(_row, found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    first = found[0]
    about = (
        f"Measured on {first.num_tokens:,} tokens of {first.text}; the reference's perplexity is "
        f"{first.reference_perplexity:.3f}."
    )
    return "\n".join([*lines, about])


def _row(quality: Quality) -> tuple[str, ...]:
    return (
        quality.name,
        f"{quality.size_bytes / 1e9:.3f}",
        f"{quality.bits_per_weight:.3f}",
        f"{quality.kl_mean:.5f}",
        f"{quality.kl_quantiles['0.99']:.4f}",
        f"{quality.agreement:.2%}",
        f"{quality.perplexity:.3f}",
        f"{quality.decode_tps:.1f}",
    )
