"""The command in the process of the tests, where only its words and exit code matter."""

from __future__ import annotations

import gc
import os
from contextlib import redirect_stdout
from io import StringIO
from unittest import mock

import pytest
import typer
from typer.testing import CliRunner, Result

from qwen3mlx.cli.app import VERBS, command_line


def invoke(*words: str) -> Result:
    """Run `qwen3mlx` with these words and an empty stdin; an unexpected exception is raised."""
    try:
        return CliRunner().invoke(
            _command_line(words), words, prog_name="qwen3mlx", catch_exceptions=False
        )
    finally:
        gc.enable()  # `serve` begins without


def printed_by(*words: str) -> str:
    """Return what it prints in a terminal of 90 columns; CliRunner has a width of its own."""
    with (
        mock.patch.dict(os.environ, COLUMNS="90"),
        redirect_stdout(StringIO()) as printed,
        pytest.raises(SystemExit),
    ):
        _command_line(words)(words, prog_name="qwen3mlx")
    return printed.getvalue()


def _command_line(words: tuple[str, ...]) -> typer.Typer:
    """The verb alone, as `main` makes it."""
    named = words[:1]
    return command_line(named if VERBS.keys() & named else VERBS)
