"""The command in the process of the tests, where only its words and exit code matter."""

from __future__ import annotations

import gc

from typer.testing import CliRunner, Result

from qwen3mlx.cli.app import VERBS, command_line


def invoke(*words: str) -> Result:
    """Run `qwen3mlx` with these words and an empty stdin; an unexpected exception is raised."""
    named = words[:1]
    try:
        return CliRunner().invoke(
            command_line(named if VERBS.keys() & named else VERBS),
            words,
            prog_name="qwen3mlx",
            catch_exceptions=False,
        )
    finally:
        gc.enable()  # `serve` begins without
