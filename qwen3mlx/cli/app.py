"""The command's entry point: its verbs, and what they all share."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable
from typing import Annotated

import typer

from .. import __version__
from . import keys, streams
from .evaluate import evaluate
from .guard import guarded, printed
from .list import list_models
from .load import load
from .ps import ps
from .pull import pull
from .quantize import quantize
from .rm import rm
from .run import run
from .serve import serve
from .show import show
from .unload import unload
from .window import app as window

# Without rich markup `--help` takes half the time, and docs/cli.md can quote it at any width.
app = typer.Typer(
    name="qwen3mlx",
    help="Run Qwen3 models on this computer.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_VERBS: dict[str, Callable[..., None]] = {
    "run": run,
    "serve": serve,
    "pull": pull,
    "list": list_models,
    "show": show,
    "rm": rm,
    "ps": ps,
    "load": load,
    "unload": unload,
    "quantize": quantize,
    "evaluate": evaluate,
    "app": window,
}
for _name, _verb in _VERBS.items():
    app.command(name=_name)(guarded(_verb))
app.add_typer(keys.app, name="keys")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"qwen3mlx {__version__}")
        raise typer.Exit


@app.callback()
@guarded
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand == "serve":  # options are checked against its defaults
        from .serve import saved_defaults

        context.default_map = {"serve": saved_defaults()}


def main() -> None:
    """Run the command line in `sys.argv` and exit: 0 done, 1 failed, 2 wrong usage, 130 Ctrl-C."""
    streams.prepare()
    faulthandler.enable()  # print a traceback when the process crashes outside Python
    with printed():
        app(prog_name="qwen3mlx")
