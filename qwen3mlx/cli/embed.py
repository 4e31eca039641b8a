"""`qwen3mlx embed`: texts -> vectors, as JSON lines."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from . import options
from .terminal import Terminal

Instruction = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="The texts are queries, and this is what they are for."),
]
Truncate = Annotated[
    bool, typer.Option("--truncate", help="Cut the end of what the context does not hold.")
]


def embed(
    model: options.Model,
    instruction: Instruction = None,
    dimensions: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Keep the first N numbers of each vector."),
    ] = None,
    truncate: Truncate = False,
) -> None:
    """Embed texts: JSON lines in, one vector per line out.

    A line is a string, or an object with the string `text`. Each becomes {"embedding": [...]}, a
    unit vector.
    """
    from . import models
    from .json_lines import answer_lines, text_in

    terminal = Terminal.standard()
    runtime = models.load(model, models.load_options(), terminal)

    def vector(value: Any, where: str) -> dict[str, Any]:
        text = value if isinstance(value, str) else text_in(value, "text", where)
        [found] = runtime.embed(
            [text], instruction=instruction, dimensions=dimensions, truncate=truncate
        )
        return {"embedding": found}

    answer_lines(terminal, vector)
