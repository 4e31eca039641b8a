"""Locations in the repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "qwen3mlx" / "text" / "templates" / "qwen3_chat_template.jinja"
DEMO = ROOT / "qwen3mlx" / "demo"
WEIGHTS = ROOT / "training" / "weights"
RUNS = ROOT / "training" / "runs"

# The files of a run besides the checkpoint it continues from.
WEIGHTS_FILE = "weights.npz"
CONFIG_FILE = "config.json"
