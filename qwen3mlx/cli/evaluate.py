"""`qwen3mlx evaluate`: the quality loss of quantization."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .job_progress import progress_for
from .terminal import Terminal


def evaluate(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Quantized checkpoints to measure.")
    ],
    reference: Annotated[
        str,
        typer.Option(metavar="MODEL", help="The model they were made from, or any other."),
    ],
    text: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="A file or folder of text; default: the reference's evaluation.txt, else "
            "built-in texts.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Also write a page with plots (extra: report)."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON list on stdout.")] = False,
) -> None:
    """Compare quantized checkpoints with their source, token by token.

    Measures KL divergence, agreement of the top token, perplexity, size and speed. Only one model
    is in memory at a time.
    """
    from qwen3mlx_quantize import EvaluateRequest
    from qwen3mlx_quantize import evaluate as run
    from qwen3mlx_quantize.report import table

    from .models import locate

    terminal = Terminal.standard()
    request = EvaluateRequest(
        candidates=tuple(map(Path, models)), reference=Path(reference), text=text, report=report
    )
    # A report that cannot be written is an error before a model is downloaded.
    request = replace(
        request,
        candidates=tuple(locate(name, terminal) for name in models),
        reference=locate(reference, terminal),
    )
    with progress_for(terminal, events=False) as on_event:
        found = run(request, on_event)
    print(json.dumps(found.as_json()) if json_ else table(found.qualities), flush=True)
    if found.report is not None:
        terminal.note(f"The report is in {found.report}.")
