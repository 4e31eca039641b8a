"""`python -m training`: train both demo checkpoints from scratch, side by side, then score them."""

from __future__ import annotations

import subprocess
import sys

from training.paths import RUNS

MODELS = ("dense", "moe")


def _command(verb: str, model: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"training.{verb}", "--model", model, *options]


def main() -> int:
    RUNS.mkdir(parents=True, exist_ok=True)
    runs = [subprocess.Popen(_command("train", model)) for model in MODELS]
    codes = [run.wait() for run in runs]
    if any(codes):
        return 1
    for model in MODELS:
        subprocess.run(_command("export", model), check=True)
        subprocess.run(_command("score", model, "--write"), check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
