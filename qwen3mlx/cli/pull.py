"""`qwen3mlx pull`: download a model."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import Terminal


def pull(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="An alias (qwen3:8b) or a hub id (Qwen/Qwen3-8B-MLX-4bit)."
        ),
    ],
    revision: Annotated[
        str | None, typer.Option(metavar="REV", help="A branch, tag or commit; default: main.")
    ] = None,
) -> None:
    """Download a model from the hub, or complete or update it, and print its folder.

    Files go to the Hugging Face cache. HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN are
    respected. If interrupted, run it again: finished files are kept.
    """
    from .. import library
    from .models import fetch

    terminal = Terminal.standard()
    if isinstance(library.parse_name(name), library.Folder):
        folder = library.resolve(name)
        terminal.note(f"{name} is already on this computer.")
    else:
        folder = fetch(name, terminal, revision=revision)
    print(folder)
