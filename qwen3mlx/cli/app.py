"""The command's entry point: its verbs, and what every one of them shares."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import __version__
from .guard import guarded
from .pull import pull
from .run import run

# Without rich's markup `--help` needs half the time, and docs/cli.md can quote it at any width.
app = typer.Typer(
    name="qwen3mlx",
    help="Run Qwen3 models on this computer.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(guarded(run))
app.command()(guarded(pull))


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"qwen3mlx {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line in `sys.argv`, and exit: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app(prog_name="qwen3mlx")
