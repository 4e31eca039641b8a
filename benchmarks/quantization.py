"""The quality loss of quantizing the demo checkpoints: every recipe and method on one text.

The text is held-out conversations of the kind the demos were trained on; gptq, awq and auto are
calibrated with others, from the training side. `--save` also writes the tables of
docs/quantization.md. awq is mlx-lm's, and takes most of the half hour; its dwq takes too long on a
CPU.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import mlx.core as mx
from qwen3mlx_quantize import Quality, QuantizeRequest, Recipe, recipe, sensitivity
from qwen3mlx_quantize import run as run_quantizer
from qwen3mlx_quantize.choices import calibrated
from qwen3mlx_quantize.conversion import Conversion
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.methods import mse, rtn
from qwen3mlx_quantize.packing import Method
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.quality import measure
from qwen3mlx_quantize.quantizer import DataFree
from qwen3mlx_quantize.source import Source
from qwen3mlx_quantize.texts import Tokens
from tokenizers import Tokenizer

from qwen3mlx.config import QuantizationSpec
from training.conversations import conversation
from training.paths import DEMO, ROOT, WEIGHTS
from training.split import Split

from .checkpoints import QWEN3_0_6B
from .report import Report, Row, Target, arguments, publish
from .stats import Summary

PAGE = ROOT / "docs" / "quantization.md"
NUM_TEST, NUM_CALIBRATION, LONGEST = 40, 60, 512
# The gain of mse over rtn varies by a tenth between sets of 40 conversations.
NUM_MANY = 200
MSE, GPTQ, AUTO, WEIGHT_ERROR = (Target("<=", value) for value in (0.85, 0.6, 0.9, 0.9))
RUNS: tuple[tuple[str, Method], ...] = (
    ("8bit", "rtn"), ("6bit", "mse"), ("5bit", "mse"), ("4bit", "rtn"), ("4bit", "mse"),
    ("4bit", "gptq"), ("3bit", "mse"), ("3bit", "gptq"), ("mixed-4-8", "mse"), ("auto", "mse"),
    ("mxfp8", "rtn"), ("mxfp4", "rtn"), ("nvfp4", "rtn"), ("4bit", "awq"),
)  # fmt: skip


def run(repeats: int | None = None) -> Report:
    del repeats  # independent of the machine's speed
    tables: dict[str, list[Quality]] = {}
    rows: list[Row] = []
    for name in ("dense", "moe"):
        tables[name] = _measured(name)
        by_name = {quality.name: quality.kl_mean for quality in tables[name]}
        for metric, ours, base, target in (
            ("mse over rtn, 4 bit", "4bit mse", "4bit rtn", MSE),
            ("gptq over rtn, 4 bit", "4bit gptq", "4bit rtn", GPTQ),
            ("auto over mixed-4-8, its size", "auto mse", "mixed-4-8 mse", AUTO),
        ):
            share = by_name[ours] / by_name[base]
            one, other = Summary.of([by_name[ours]]), Summary.of([by_name[base]])
            rows.append(
                Row(f"{name}: KL of {metric}", "nats", one, other, share, target, "first/second")
            )
        rows.append(mse_over_rtn(name))
    rows += _weight_errors()
    return Report(
        scenario="quantization",
        setup=(
            "KL divergence in nats per token from the unquantized demo checkpoint, on held-out "
            "conversations; the second column is the reference, here another method of ours. "
            "Weight error: squared, relative to squared weights, on random "
            "heavy-tailed weights (Student's t, 4 degrees of freedom) of Qwen3-0.6B's shapes."
        ),
        rows=rows,
        extra={"tables": {name: [q.as_json() for q in found] for name, found in tables.items()}},
    )


def _measured(name: str) -> list[Quality]:
    source = WEIGHTS / name
    test, calibration = (
        documents(name, "test", NUM_TEST),
        documents(name, "train", NUM_CALIBRATION),
    )
    with tempfile.TemporaryDirectory() as parent:
        folders = []
        for recipe_name, method in RUNS if name == "dense" else RUNS[:-1]:  # awq: dense only
            opened = Source(source)
            chosen = _recipe(opened, recipe_name, calibration)
            folders.append(Path(parent) / f"{recipe_name} {method}")
            made = Conversion(opened, folders[-1], build_plan(opened, chosen), method)
            learns = method in ("gptq", "awq")
            convert(made, calibrated(made, calibration) if learns else DataFree(method))
            print(f"  {name}: {folders[-1].name}", file=sys.stderr)
        return measure(folders, source, tokens(test))


def mse_over_rtn(name: str) -> Row:
    """Both at 4 bit, on the measured text and more of its kind."""
    source = WEIGHTS / name
    with tempfile.TemporaryDirectory() as parent:
        folders = {method: Path(parent) / method for method in ("mse", "rtn")}
        for method, output in folders.items():
            run_quantizer(QuantizeRequest(source=source, output=output, method=method))
        text = tokens(documents(name, "test", NUM_MANY))
        found = measure(list(folders.values()), source, text)
    one, other = (Summary.of([quality.kl_mean]) for quality in found)
    metric = f"{name}: KL of mse over rtn, 4 bit, {NUM_MANY} conversations"
    return Row(metric, "nats", one, other, one.median / other.median, MSE, "first/second")


def _recipe(source: Source, name: str, calibration: Sequence[Sequence[int]]) -> Recipe:
    if name != "auto":
        return recipe.load(name)
    size = build_plan(source, recipe.load("mixed-4-8")).bits_per_weight
    return sensitivity.recipe(source, sensitivity.measure(source, calibration), size)


def tokens(ids: Sequence[Sequence[int]]) -> Tokens:
    return Tokens("held-out conversations", list(ids))


def documents(name: str, split: Split, count: int) -> list[list[int]]:
    tokenizer = Tokenizer.from_file(str(DEMO / name / "tokenizer.json"))
    rng = Random(f"quantization:{split}")
    texts = ("".join(p.text for p in conversation(rng, split)) for _ in range(count))
    return [tokenizer.encode(text).ids[:LONGEST] for text in texts]


def _weight_errors() -> list[Row]:
    shape = QWEN3_0_6B
    rows = []
    for label, out, width in (
        ("attention", 2048, shape.hidden_size),
        ("feed-forward", shape.intermediate_size, shape.hidden_size),
        ("down", shape.hidden_size, shape.intermediate_size),
    ):
        weight = _heavy_tailed(out, width)
        for bits in (4, 8):
            spec = QuantizationSpec(64, bits)
            errors = []
            for method in (mse, rtn):
                off = method.quantized(weight, spec).unpacked(spec, mx.float32) - weight
                errors.append(((off**2).sum() / (weight.astype(mx.float32) ** 2).sum()).item())
            one, other = (Summary.of([float(error)]) for error in errors)
            ratio = one.median / other.median
            metric = f"weight error of mse over rtn, {label}, {bits} bit"
            rows.append(Row(metric, "share", one, other, ratio, WEIGHT_ERROR, "first/second"))
    return rows


def _heavy_tailed(out: int, width: int) -> mx.array:
    """A normal number divided by the root of a mean of four squares: Student's t."""
    key = mx.random.key(out * 31 + width)
    normal, *others = (mx.random.normal((out, width), key=k) for k in mx.random.split(key, 5))
    scale = mx.sqrt(sum((other**2 for other in others), mx.array(0.0)) / 4)
    return (0.02 * normal / scale).astype(mx.bfloat16)


def _with_table(table: str, match: re.Match[str]) -> str:
    return match[1] + table


def write_tables(report: Report) -> None:
    """Write the parts of docs/quantization.md between markers."""
    text = PAGE.read_text(encoding="utf-8")
    tables = report.extra["tables"]
    assert isinstance(tables, dict)
    for name, found in tables.items():
        lines = [
            "| recipe and method | bits/weight | KL, mean | KL, 99% | same top | perplexity |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {q['name']} | {q['bits_per_weight']:.2f} | {q['kl_mean']:.5f} | "
            f"{q['kl_quantiles']['0.99']:.4f} | {q['agreement']:.2%} | {q['perplexity']:.2f} |"
            for q in found
        ]
        lines.append(f"| float | 16 | 0 | 0 | 100% | {found[0]['reference_perplexity']:.2f} |")
        table = "\n".join(lines)
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(?=\n<!-- end -->)", re.S)
        text = pattern.sub(partial(_with_table, table), text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    options = arguments(__doc__)
    found = run(options.repeats)
    if options.save:
        write_tables(found)
    publish(found, save=options.save)
