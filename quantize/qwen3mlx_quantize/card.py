"""The model card of a converted checkpoint."""

from __future__ import annotations

import re
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import qwen3mlx
from qwen3mlx.config import Kind, ModelConfig, model_text
from qwen3mlx.errors import CheckpointError
from qwen3mlx.quoting import size_text

from .conversion import Conversion, QuantizeResult
from .names import name_of
from .source import FloatSource

WORST = 5
MLX_VERSION = version("mlx")
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
_LICENSE = re.compile(
    r"^license:[ \t]*[\"']?([A-Za-z0-9][A-Za-z0-9.+-]{0,40})[\"']?[ \t]*\r?$", re.M
)
# The hub's names.
_TASKS: dict[Kind, str] = {
    "causal": "text-generation",
    "embedding": "feature-extraction",
    "classifier": "text-classification",
}


def text(conversion: Conversion[FloatSource], result: QuantizeResult) -> str:
    """Return README.md: the source, the recipe and method, and the quality loss."""
    plan, source = result.plan, conversion.source
    lines = [
        *front_matter(source.config, source.folder),
        f"# {name_of(result.folder)}",
        "",
        f"{_made_of(conversion)}: {plan.bits_per_weight:.3f} bits per weight, "
        f"{size_text(plan.nbytes)}.",
        "",
        "    " + (conversion.command or "qwen3mlx quantize"),
        "",
        f"qwen3mlx {qwen3mlx.__version__}, mlx {MLX_VERSION}, "
        f"Python {sys.version_info.major}.{sys.version_info.minor}.",
        "",
        *_formats(result),
        "## Quality",
        "",
        *_errors(result),
        *_calibration(conversion),
        *_quality(conversion, result),
    ]
    return "\n".join(lines) + "\n"


def front_matter(config: ModelConfig, source: Path) -> list[str]:
    """Return the lines that the hub reads; the base model and its license if the folder `source`
    tells them.
    """
    base, license_name = name_of(source), _license_in(source)
    return [
        "---",
        *([f"license: {license_name}"] if license_name else []),
        *([f"base_model: {base}"] if "/" in base else []),
        "library_name: mlx",
        f"pipeline_tag: {_TASKS[config.kind]}",
        f"tags: [mlx, qwen3{', moe' if config.num_experts else ''}]",
        "---",
        "",
    ]


def license_of(card: str) -> str | None:
    """Return the license that a card's front matter names, by the hub's identifier."""
    matter = _FRONT_MATTER.match(card)
    found = _LICENSE.search(matter[1]) if matter else None
    return found[1] if found else None


def _license_in(source: Path) -> str | None:
    """Return the license in the source's own card, which may be a stranger's."""
    try:
        return license_of(model_text(source / "README.md"))
    except (CheckpointError, UnicodeDecodeError):  # there is none, or none that can be read
        return None


def _made_of(conversion: Conversion[FloatSource]) -> str:
    base, recipe = name_of(conversion.source.folder), conversion.plan.recipe
    if conversion.adapter is not None:
        return f"{base} with the LoRA adapter {name_of(conversion.adapter)}"
    return (
        f"{base}, quantized for MLX with the recipe `{recipe.name}` ({recipe.about}) and the "
        f"method `{conversion.method}`"
    )


def _formats(result: QuantizeResult) -> list[str]:
    counts: Counter[str] = Counter()
    for step in result.plan.steps:
        if step.module is None:
            continue
        spec = step.spec
        kind = "float" if spec is None else f"{spec.mode} {spec.bits} bit, groups {spec.group_size}"
        counts[kind] += step.module.num_weights
    total = sum(counts.values())
    rows = [f"| {kind} | {100 * n / total:.1f}% |" for kind, n in counts.most_common()]
    return ["| format | share of the weights |", "|---|---|", *rows, ""]


def _errors(result: QuantizeResult) -> list[str]:
    if not result.errors:
        return []
    sizes = {s.module.path: s.module.num_weights for s in result.plan.steps if s.module}
    total = sum(sizes[path] for path in result.errors)
    mean = sum(error * sizes[path] for path, error in result.errors.items()) / total
    worst = sorted(result.errors.items(), key=lambda item: -item[1])[:WORST]
    named = ", ".join(f"`{path}` {error:.2e}" for path, error in worst)
    return [
        f"Squared error over squared weights, in a sample of rows: {mean:.2e} on average. "
        f"Largest: {named}.",
        "",
    ]


def _calibration(conversion: Conversion[FloatSource]) -> list[str]:
    calibration = conversion.calibration
    if calibration is None:
        return []
    return [
        f"Calibrated with {calibration.num_tokens:,} tokens of {calibration.name}; the documents' "
        "digests are in manifest.json, and `qwen3mlx evaluate` leaves these documents out.",
        "",
    ]


def _quality(conversion: Conversion[FloatSource], result: QuantizeResult) -> list[str]:
    quality = result.quality
    if quality is None:
        return [
            "`qwen3mlx evaluate` measures the quality loss: KL divergence per token, agreement, "
            "perplexity."
        ]
    return [
        f"Compared with {name_of(conversion.source.folder)} on {quality.num_tokens:,} tokens of "
        f"{quality.text}.",
        "",
        "| mean KL | 99% KL | same top token | perplexity | source's perplexity |",
        "|---|---|---|---|---|",
        f"| {quality.kl_mean:.5f} | {quality.kl_quantiles['0.99']:.4f} | "
        f"{quality.agreement:.2%} | {quality.perplexity:.3f} | "
        f"{quality.reference_perplexity:.3f} |",
    ]
