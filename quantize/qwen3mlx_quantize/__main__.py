"""`python -m quantize SRC -o DIR`: the same as `qwen3mlx quantize`."""

from __future__ import annotations

import sys

from qwen3mlx.cli.app import app


def main() -> None:
    app(["quantize", *sys.argv[1:]], prog_name="python -m")


if __name__ == "__main__":
    main()
