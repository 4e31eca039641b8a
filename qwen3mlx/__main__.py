"""`python -m qwen3mlx` is the `qwen3mlx` command."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
