"""`qwen3mlx search`: find models on Hugging Face."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import PrintJson
from .terminal import Terminal


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="As in: coder 30b 4bit.")],
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="Show at most so many.")
    ] = 20,
    as_json: PrintJson = False,
) -> None:
    """Search Hugging Face for Qwen3 models that can run here, the most downloaded first.

    HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN are respected.
    """
    from ..hub.search import search as search_hub
    from .tables import print_json, print_table

    terminal = Terminal.standard()
    found = search_hub(" ".join(words), limit=limit)
    if as_json:
        print_json([each._asdict() for each in found], terminal)
        return
    rows = [(each.repo_id, f"{each.downloads:,}", each.updated) for each in found]
    print_table(("MODEL", "DOWNLOADS", "UPDATED"), rows, terminal)
    if not found:
        terminal.note("Nothing was found: use fewer words, or see `qwen3mlx fit` for the family.")
