"""Convert a checkpoint to 4-bit: the whole process's peak memory and time, compared with mlx-lm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.support.checkpoints import MOE

from .checkpoints import QWEN3_0_6B, checkpoint
from .process import REPOSITORY, SIDES, SideName, environment
from .report import Report, Row, Target, arguments, publish
from .stats import Summary

MEMORY, TIME = Target("<=", 0.5), Target("<=", 1.0)
MB = 1e6
# Two of Qwen3-30B-A3B's 48 layers, with a small vocabulary: the experts are what is measured.
EXPERTS = replace(
    MOE,
    hidden_size=2048,
    intermediate_size=6144,
    moe_intermediate_size=768,
    num_experts=128,
    num_experts_per_tok=8,
    num_hidden_layers=2,
    num_attention_heads=32,
    num_key_value_heads=4,
    head_dim=128,
    vocab_size=8192,
)
STACK_MB = 128 * 768 * 2048 * 2 / MB
ALLOWED_MB = Target("<=", STACK_MB + 300)
ONE_LAYER = replace(EXPERTS, num_hidden_layers=1)
# One of Qwen3-235B-A22B's 94 layers. Layers are converted one at a time and then freed, so the peak
# is the same for all of them. The embedding and the head, 151,936 x 4,096, are read in runs of
# rows, like every matrix, and are smaller than a stack of experts.
LARGEST = replace(
    EXPERTS,
    hidden_size=4096,
    intermediate_size=12288,
    moe_intermediate_size=1536,
    num_hidden_layers=1,
    num_attention_heads=64,
)
# The memory that a 32 GB Mac leaves for it.
MAC_MB = Target("<=", 16_000)
POLL_S = 0.002


def run(repeats: int | None = None) -> Report:
    cases = {
        "1 shard": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="bfloat16"),
        "4 shards": checkpoint("qwen3-0.6b", QWEN3_0_6B, dtype="bfloat16", num_shards=4),
    }
    rows = []
    for label, folder in cases.items():
        peaks: dict[SideName, list[float]] = {side: [] for side in SIDES}
        times: dict[SideName, list[float]] = {side: [] for side in SIDES}
        for repeat in range(repeats or 3):
            for side in SIDES if repeat % 2 == 0 else SIDES[::-1]:
                peak, seconds = convert(side, folder)
                peaks[side].append(peak / MB)
                times[side].append(seconds)
        both = [(peaks, "peak RSS", "MB", MEMORY), (times, "time", "s", TIME)]
        rows += [
            Row.compare(f"{name}, {label}", unit, found["ours"], found["peer"], target)
            for found, name, unit, target in both
        ]
    experts = checkpoint("qwen3-30b-a3b-2-layers", EXPERTS, dtype="bfloat16")
    found = [convert("ours", experts)[0] / MB for _ in range(repeats or 3)]
    summary = Summary.of(found)
    rows.append(Row("peak RSS, experts", "MB", summary, None, summary.median, ALLOWED_MB, "MB"))
    for metric, folder, target in (
        (
            "peak RSS, half as many expert layers",
            checkpoint("qwen3-30b-a3b-1-layer", ONE_LAYER, dtype="bfloat16"),
            ALLOWED_MB,
        ),
        (
            "peak RSS, a layer of 235B-A22B",
            checkpoint("qwen3-235b-a22b-1-layer", LARGEST, dtype="bfloat16"),
            MAC_MB,
        ),
    ):
        summary = Summary.of([convert("ours", folder)[0] / MB for _ in range(repeats or 3)])
        rows.append(Row(metric, "MB", summary, None, summary.median, target, "MB"))
    return Report(
        scenario="convert",
        setup=(
            "bfloat16 to affine 4-bit, groups of 64, rounding (`--method rtn`): Qwen3-0.6B's "
            "shape, 596 million random weights. Whole processes, including interpreter and "
            "libraries; mlx-lm's is `mlx_lm.convert` without the tokenizer. Experts: two layers of "
            f"Qwen3-30B-A3B's shape; one stack of 128 matrices has {STACK_MB:.0f} MB. The peak "
            "with one layer shows what each further layer adds; so the peak of one of "
            "Qwen3-235B-A22B's 94 layers (1.6 GB of experts per stack) is that of the whole model."
        ),
        rows=rows,
    )


def convert(side: SideName, source: Path) -> tuple[int, float]:
    """Return peak RSS in bytes, and seconds."""
    with tempfile.TemporaryDirectory() as parent:
        output = Path(parent) / "out"
        command = [sys.executable, "-W", "ignore", "-m"]
        if side == "ours":
            command += ["quantize", str(source), "-o", str(output), "--method", "rtn"]
        else:
            command += ["benchmarks.quantize_peer", str(source), str(output)]
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        peak = _peak_of(process)
        seconds = time.perf_counter() - start
        if process.returncode:
            assert process.stderr is not None
            raise RuntimeError(process.stderr.read().decode())
        shutil.rmtree(output)
    print(f"  {side} {source.name}: {peak / MB:.0f} MB, {seconds:.2f} s", file=sys.stderr)
    return peak, seconds


def _peak_of(process: subprocess.Popen[bytes]) -> int:
    """Return a process's peak memory: Linux's high-water mark, elsewhere the rusage at its end."""
    if sys.platform != "linux":
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss
    peak = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except (OSError, ProcessLookupError):
            continue
        marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
        peak = max([peak, *marks])
        time.sleep(POLL_S)
    return peak


if __name__ == "__main__":
    options = arguments(__doc__)
    publish(run(options.repeats), save=options.save)
