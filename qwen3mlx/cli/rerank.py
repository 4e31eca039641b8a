"""`qwen3mlx rerank`: documents in the order of their relevance, as JSON lines."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from . import options
from .embed import Truncate
from .terminal import Terminal


def rerank(
    model: options.Model,
    instruction: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What makes a document relevant."),
    ] = None,
    top: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Print only the N most relevant.")
    ] = None,
    truncate: Truncate = False,
) -> None:
    """Rank documents by their relevance to a query: JSON lines in and out.

    A line is {"query": "...", "documents": ["...", ...]}. Each becomes {"results": [{"index": 0,
    "relevance_score": 0.9}, ...]}, the most relevant first.
    """
    from ..errors import InvalidRequestError
    from . import models
    from .json_lines import answer_lines, text_in

    terminal = Terminal.standard()
    runtime = models.load(model, models.load_options(), terminal)

    def ranking(value: Any, where: str) -> dict[str, Any]:
        query, documents = text_in(value, "query", where), value.get("documents")
        if not isinstance(documents, list) or not all(isinstance(one, str) for one in documents):
            raise InvalidRequestError(f"{where} must have documents, a list of texts.")
        found = runtime.rerank(query, documents, instruction=instruction, truncate=truncate)
        results = [{"index": one.document, "relevance_score": one.score} for one in found[:top]]
        return {"results": results}

    answer_lines(terminal, ranking)
