"""The model card of an imported checkpoint."""

from __future__ import annotations

import sys

import qwen3mlx
from qwen3mlx.quoting import printable, size_text

from ..card import MLX_VERSION, front_matter
from ..conversion import QuantizeResult
from .losses import error_text, losses_of, total_error
from .source import GgufSource


def text(source: GgufSource, name: str, result: QuantizeResult) -> str:
    """Return README.md: the file, what its tensors became, and the loss."""
    plan, losses = result.plan, losses_of(source, result.errors)
    rows = [
        f"| {loss.type} | {loss.share:.1%} | {loss.stored} | {error_text(loss.error)} |"
        for loss in losses
    ]
    rounded = (
        [f"{len(source.rounded)} norms or routers were rounded from float32.", ""]
        if source.rounded
        else []
    )
    lines = [
        *front_matter(source.config, source.folder),
        f"# {result.folder.name}",
        "",
        f"`{printable(name).replace('`', '')}`, a GGUF file, imported for MLX: "
        f"{plan.bits_per_weight:.3f} bits per weight, {size_text(plan.nbytes)}.",
        "",
        f"qwen3mlx {qwen3mlx.__version__}, mlx {MLX_VERSION}, "
        f"Python {sys.version_info.major}.{sys.version_info.minor}.",
        "",
        "| type in GGUF | share of the weights | stored as | error of the import |",
        "|---|---|---|---|",
        *rows,
        "",
        "The error is the root of the squared error over the squared weights, in a sample of rows, "
        f"relative to the numbers that the file means; {error_text(total_error(losses))} in all. "
        "What the file itself lost when it was quantized is not known.",
        "",
        *rounded,
    ]
    return "\n".join(lines)
