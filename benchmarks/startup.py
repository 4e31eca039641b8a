"""Start-up as a user experiences it: from the start of the process to the answer's first token."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.checkpoints import copy_qwen3_tokenizer

from .checkpoints import TINY_REAL_VOCABULARY, checkpoint
from .process import REPOSITORY, Peer, SideName, environment, program, script
from .report import Report, Row, Target, peer_arguments, publish
from .stats import Summary

DEMO = REPOSITORY / "qwen3mlx" / "demo" / "dense"
FIRST_TOKEN_TARGET, IMPORT_TARGET = Target("<=", 0.35), Target("<=", 0.3)
OPTIONS = ["--max-tokens", "16"]


def run(repeats: int | None = None) -> Report:
    repeats = repeats or 7
    model, folder = _model()
    ours = [*script("qwen3mlx"), "run", model, "hi", "--no-think", *OPTIONS]
    peer = ours if Peer.checkout else [
        *script("mlx_lm.generate"), "--model", str(folder), "--prompt", "hi", *OPTIONS,
        "--chat-template-config", '{"enable_thinking": false}',
    ]  # fmt: skip
    imports = [sys.executable, "-c", "import qwen3mlx"]
    helps = [*script("qwen3mlx"), "--help"]
    sides: list[tuple[SideName, list[str]]] = [("ours", ours), ("peer", peer)]
    for side, command in sides:
        first_token(command, side)  # files into memory
    seconds: dict[str, list[float]] = {"ours": [], "peer": [], "import": [], "help": []}
    for repeat in range(repeats):
        for side, command in sides if repeat % 2 else sides[::-1]:
            seconds[side].append(first_token(command, side))
        seconds["import"].append(until_exit(imports))
        seconds["help"].append(until_exit(helps))
    label = "to the first token" + ("" if folder == DEMO else " (stand-in)")
    return Report(
        scenario="startup",
        setup=(
            f"`qwen3mlx run {model} hi --no-think` and `mlx_lm.generate` on the same folder, from "
            "the start of the process to the first character of the answer, with files in the "
            "system's cache; median and quartiles."
        ),
        rows=[
            Row.compare(label, "s", seconds["ours"], seconds["peer"], FIRST_TOKEN_TARGET),
            _alone("import qwen3mlx", seconds["import"]),
            _alone("qwen3mlx --help", seconds["help"]),
        ],
    )


def first_token(command: Sequence[str], side: SideName) -> float:
    """Return seconds to the first byte on stdout; mlx-lm prints a line of "=" before the answer."""
    skip_line = program(side) == "peer"
    start = time.perf_counter()
    with subprocess.Popen(command, env=environment(side), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        seen = b""
        while not (seen.partition(b"\n")[2] if skip_line else seen):
            some = os.read(process.stdout.fileno(), 1)
            if not some:
                raise RuntimeError(f"{' '.join(command)} ended without an answer")
            seen += some
        seconds = time.perf_counter() - start
        process.stdout.read()
    return seconds


def until_exit(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _model() -> tuple[str, Path]:
    """Return the demo, or a stand-in of its size with Qwen3's own tokenizer."""
    if (DEMO / "config.json").exists():
        return "demo", DEMO
    folder = checkpoint("tiny-real-vocabulary", TINY_REAL_VOCABULARY, dtype="bfloat16")
    copy_qwen3_tokenizer(folder)
    return str(folder), folder


def _alone(metric: str, seconds: Sequence[float]) -> Row:
    summary = Summary.of(seconds)
    return Row(metric, "s", summary, None, summary.median, IMPORT_TARGET, "seconds")


if __name__ == "__main__":
    options = peer_arguments(__doc__)
    publish(run(options.repeats), save=options.save)
