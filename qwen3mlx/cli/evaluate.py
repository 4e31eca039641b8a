"""`qwen3mlx evaluate`: what quantizing cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .terminal import Terminal


def evaluate(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="Quantized checkpoints to measure.")
    ],
    reference: Annotated[
        str,
        typer.Option(metavar="MODEL", help="What they were made of, or another to compare with."),
    ],
    text: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A file or folder of text; default: our own."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a page with plots, too (extra: report)."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Compare quantized checkpoints with their source, token by token.

    KL divergence, agreement of the top token, perplexity, size and speed. The models are in memory
    one after the other.
    """
    from qwen3mlx_quantize import evaluate as measure
    from qwen3mlx_quantize import html_report, texts
    from qwen3mlx_quantize.report import table

    from ..text import load_tokenizer
    from .models import locate

    terminal = Terminal.standard()
    if report is not None:
        html_report.check(report)
    folders = [locate(name, terminal) for name in models]
    base = locate(reference, terminal)
    tokenizer = load_tokenizer(_with_tokenizer([base, *folders]))
    documents = [tokenizer.encode(document) for document in texts.load(text)]

    def note(done: int, total: int, name: str) -> None:
        if done == 0:
            terminal.note(f"{name}: {total} texts")

    pieces = [piece for ids in documents for piece in measure.chunks(ids, texts.LONGEST)]
    found = measure.evaluate(folders, base, pieces, note)
    print(json.dumps([q.as_json() for q in found]) if json_ else table(found), flush=True)
    if report is not None:
        terminal.note("comparing the weights")
        report.write_text(html_report.text(found, folders, base), encoding="utf-8")
        terminal.note(f"{report} has the plots.")


def _with_tokenizer(folders: list[Path]) -> Path:
    return next((f for f in folders if (f / "tokenizer.json").exists()), folders[0])
