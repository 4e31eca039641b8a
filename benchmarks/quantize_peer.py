"""A program that runs `mlx_lm.convert -q` without a tokenizer."""

from __future__ import annotations

import sys
from pathlib import Path

from mlx_lm.utils import load_model, quantize_model, save_config, save_model


def main(source: Path, destination: Path) -> None:
    """Affine, 4 bit, groups of 64: mlx-lm's defaults; scales and biases in the source's dtype."""
    model, config = load_model(source, lazy=True)
    model, config = quantize_model(model, config, None, None)
    save_model(destination, model)
    save_config(config, config_path=destination / "config.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
