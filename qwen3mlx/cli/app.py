"""The command's entry point: its verbs, and what they all share."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Annotated

import typer

from .. import __version__
from . import streams
from .guard import guarded, printed

# Verb -> its module here, and the function or application in it.
VERBS = {
    "run": ("run", "run"),
    "mcp": ("mcp", "app"),
    "serve": ("serve", "serve"),
    "fit": ("fit", "fit"),
    "search": ("search", "search"),
    "pull": ("pull", "pull"),
    "list": ("list", "list_models"),
    "show": ("show", "show"),
    "rm": ("rm", "rm"),
    "cp": ("cp", "cp"),
    "ps": ("ps", "ps"),
    "load": ("load", "load"),
    "unload": ("unload", "unload"),
    "embed": ("embed", "embed"),
    "rerank": ("rerank", "rerank"),
    "import": ("import_gguf", "import_gguf"),
    "quantize": ("quantize", "quantize"),
    "evaluate": ("evaluate", "evaluate"),
    "fuse": ("fuse", "fuse"),
    "upload": ("upload", "upload"),
    "bench": ("bench", "bench"),
    "app": ("window", "app"),
    "keys": ("keys", "app"),
    "autostart": ("autostart", "app"),
}


def command_line(verbs: Collection[str] = tuple(VERBS)) -> typer.Typer:
    """The command with these verbs. Each takes time to import, and its options to be prepared."""
    app = typer.Typer(
        name="qwen3mlx",
        help="Run Qwen3 models on this computer.",
        add_completion=False,
        no_args_is_help=True,
        # Without rich markup `--help` takes half the time, and docs/cli.md can quote it at any
        # width.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for verb in verbs:
        module, name = VERBS[verb]
        run_verb = getattr(import_module(f".{module}", __package__), name)
        if isinstance(run_verb, typer.Typer):
            app.add_typer(run_verb, name=verb)
        else:
            app.command(name=verb)(guarded(run_verb))
    app.callback()(_options)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"qwen3mlx {__version__}")
        raise typer.Exit


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
    """Run the command line in `sys.argv`, and exit. KeyboardInterrupt before a verb runs."""
    streams.prepare()
    faulthandler.enable()  # print a traceback when the process crashes outside Python
    named = sys.argv[1:2]
    app = command_line(named if VERBS.keys() & named else VERBS)
    with printed():
        app(prog_name="qwen3mlx")
