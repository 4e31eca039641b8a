"""`qwen3mlx cp`: copy a model's saved settings to another."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .options import PrintJson
from .terminal import Terminal


def cp(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The model whose settings are copied.")
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The model that gets them.")],
    as_json: PrintJson = False,
) -> None:
    """Copy the saved settings of one model to another, in place of its own.

    Those are what it is loaded with, how long it stays in memory, and the defaults of its answers.
    """
    from ..errors import UsageError
    from ..library import Library
    from ..library.model_settings import ModelSettings

    library = Library()
    here, there = library.find(source).id, library.find(target).id
    if here == there:
        raise UsageError(f"{source} and {target} are the same model: name another one.")
    copied = ModelSettings().copy(here, there)
    if as_json:
        print(json.dumps({"source": here, "target": there, "settings": copied}))
    elif copied:
        Terminal.standard().note(f"{there} now has the settings of {here}: {', '.join(copied)}.")
    else:
        Terminal.standard().note(f"{here} has no saved settings, so {there} has none now, either.")
