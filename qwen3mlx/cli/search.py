"""`qwen3mlx search`: find models on Hugging Face or ModelScope."""

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
    source: Annotated[
        str | None,
        typer.Option(
            metavar="hf|modelscope", help="Search this hub; default: the one that comes first."
        ),
    ] = None,
    as_json: PrintJson = False,
) -> None:
    """Search a hub for Qwen3 models that can run here, the most downloaded first.

    HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN are respected; for ModelScope, MODELSCOPE_DOMAIN and
    MODELSCOPE_API_TOKEN. Sizes are as the hub tells them.
    """
    from ..hub.search import search as search_hub
    from ..hub.sources import HUGGING_FACE, first_source
    from ..quoting import size_text
    from .tables import print_json, print_table

    terminal = Terminal.standard()
    hub = source or first_source()
    found = search_hub(" ".join(words), source=hub, limit=limit)
    if as_json:
        print_json([each._asdict() for each in found], terminal)
        return
    prefix = "" if hub == HUGGING_FACE else f"{hub}:"
    rows = [
        (
            f"{prefix}{each.repo_id}",
            size_text(each.size_bytes) if each.size_bytes else "",
            f"{each.downloads:,}",
            each.updated,
        )
        for each in found
    ]
    print_table(("MODEL", "SIZE", "DOWNLOADS", "UPDATED"), rows, terminal)
    if not found:
        terminal.note("Nothing was found: use fewer words, or see `qwen3mlx fit` for the family.")
