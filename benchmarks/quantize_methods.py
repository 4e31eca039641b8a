"""What each method loses on the demo checkpoints at one size, its time, and its peak memory.

Text and calibration are those of `benchmarks.quantization`; awq and dwq are mlx-lm's. On a CPU,
where MLX's products are slow, `--rows` and `--length` make autoround's batches smaller.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import get_args

import mlx.core as mx
from qwen3mlx_quantize import recipe, texts, tuning
from qwen3mlx_quantize.choices import calibrated, check_method
from qwen3mlx_quantize.conversion import Conversion
from qwen3mlx_quantize.convert import convert
from qwen3mlx_quantize.methods import autoround
from qwen3mlx_quantize.packing import Method
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.quality import measure
from qwen3mlx_quantize.quantizer import DataFree
from qwen3mlx_quantize.request import CALIBRATED
from qwen3mlx_quantize.source import Source

from qwen3mlx.errors import UsageError
from training.paths import WEIGHTS

from .quantization import documents, tokens

NUM_TEST, NUM_CALIBRATION = 40, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demos", nargs="+", default=["dense", "moe"])
    parser.add_argument("--bits", nargs="+", type=int, default=[2, 3, 4])
    parser.add_argument("--methods", nargs="+", choices=get_args(Method), default=get_args(Method))
    parser.add_argument("--rows", type=int, default=autoround.BATCH)
    parser.add_argument("--length", type=int, default=texts.LONGEST)
    options = parser.parse_args()
    autoround.BATCH, tuning.LONGEST = options.rows, options.length  # type: ignore[attr-defined]
    print("| demo | method | bits/weight | KL, mean | seconds | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for demo in options.demos:
        for bits in options.bits:
            for method in options.methods:
                print(
                    f"| {demo} | {bits}bit {method} | {_measured(demo, bits, method)} |", flush=True
                )


def _measured(demo: str, bits: int, method: Method) -> str:
    """Return the last four columns of a row."""
    source, calibration = Source(WEIGHTS / demo), documents(demo, "train", NUM_CALIBRATION)
    chosen = recipe.load(f"{bits}bit")
    try:
        check_method(source, chosen, method)
    except UsageError as error:
        return f"{error} | | |"
    with tempfile.TemporaryDirectory() as parent:
        made = Conversion(source, Path(parent) / method, build_plan(source, chosen), method)
        mx.reset_peak_memory()
        start = time.perf_counter()
        learns = method in CALIBRATED
        convert(made, calibrated(made, calibration) if learns else DataFree(method))
        seconds, peak = time.perf_counter() - start, mx.get_peak_memory()
        text = tokens(documents(demo, "test", NUM_TEST))
        (quality,) = measure([made.output], source.folder, text)
    return (
        f"{quality.bits_per_weight:.2f} | {quality.kl_mean:.5f} | {seconds:.0f} | {peak / 1e6:.0f}"
    )


if __name__ == "__main__":
    main()
