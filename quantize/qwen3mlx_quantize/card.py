"""The model card of a converted checkpoint."""

from __future__ import annotations

import sys
from collections import Counter
from importlib.metadata import version

import qwen3mlx
from qwen3mlx.quoting import size_text

from .job import Converted, Options
from .names import name_of
from .source import Source

WORST = 5
MLX_VERSION = version("mlx")


def text(source: Source, result: Converted, options: Options) -> str:
    """README.md: what it was made of, how, and what the weights lost."""
    plan, recipe, made_of = result.plan, options.recipe, name_of(source.folder)
    bits = plan.bits_per_weight
    lines = [
        "---",
        "library_name: mlx",
        "pipeline_tag: text-generation",
        f"tags: [mlx, qwen3{', moe' if source.config.num_experts else ''}]",
        "---",
        "",
        f"# {name_of(result.folder)}",
        "",
        f"{made_of}, quantized for MLX with the recipe `{recipe.name}` ({recipe.about}) "
        f"and the method `{options.method}`: {bits:.3f} bits per weight, "
        f"{size_text(plan.nbytes)}.",
        "",
        "    " + (options.command or "qwen3mlx quantize"),
        "",
        f"qwen3mlx {qwen3mlx.__version__}, mlx {MLX_VERSION}, "
        f"Python {sys.version_info.major}.{sys.version_info.minor}.",
        "",
        *_modules(result),
        "## Quality",
        "",
        *_errors(result),
        *_quality(source, result, options),
    ]
    return "\n".join(lines) + "\n"


def _modules(result: Converted) -> list[str]:
    counts: Counter[str] = Counter()
    for step in result.plan.steps:
        if step.module is None:
            continue
        spec = step.spec
        kind = "float" if spec is None else f"{spec.mode} {spec.bits} bit, groups {spec.group_size}"
        counts[kind] += step.module.num_weights
    total = sum(counts.values())
    rows = [f"| {kind} | {100 * n / total:.1f}% |" for kind, n in counts.most_common()]
    return ["| stored as | of the weights |", "|---|---|", *rows, ""]


def _errors(result: Converted) -> list[str]:
    if not result.errors:
        return []
    sizes = {s.module.path: s.module.num_weights for s in result.plan.steps if s.module}
    total = sum(sizes[path] for path in result.errors)
    mean = sum(error * sizes[path] for path, error in result.errors.items()) / total
    worst = sorted(result.errors.items(), key=lambda item: -item[1])[:WORST]
    named = ", ".join(f"`{path}` {error:.2e}" for path, error in worst)
    return [
        f"Squared error over squared weights, in a sample of rows: {mean:.2e} on average. "
        f"Most: {named}.",
        "",
    ]


def _quality(source: Source, result: Converted, options: Options) -> list[str]:
    quality = result.quality
    if quality is None:
        return [
            "What that costs in answers, `qwen3mlx evaluate` measures: KL divergence per token, "
            "agreement, perplexity."
        ]
    told = options.method in ("gptq", "awq", "dwq") or options.recipe.name.startswith("auto")
    same = " Unless another was given, it was calibrated with the same text."
    bias = same if told else ""
    return [
        f"Against {name_of(source.folder)}, on {quality.num_tokens:,} tokens of the texts that "
        f"come with qwen3mlx.{bias}",
        "",
        "| KL, mean | KL, 99% | same top token | perplexity | of the source |",
        "|---|---|---|---|---|",
        f"| {quality.kl_mean:.5f} | {quality.kl_quantiles['0.99']:.4f} | "
        f"{quality.agreement:.2%} | {quality.perplexity:.3f} | "
        f"{quality.reference_perplexity:.3f} |",
    ]
