"""`qwen3mlx import`: turn a GGUF file of another program into a model for MLX."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..quoting import size_text
from .job_progress import progress_for
from .options import Events, PrintJson
from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize.gguf import ImportResult

Name = Annotated[
    str,
    typer.Argument(
        metavar="FILE|ollama:NAME",
        help="A .gguf file, the first one of several, or a model of Ollama.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The folder for the new checkpoint; default: a folder of our own, where models are "
        "found.",
        show_default=False,
    ),
]


def import_gguf(
    name: Name, output: Output = None, json_: PrintJson = False, events: Events = False
) -> None:
    """Turn a Qwen3 in a GGUF file into a model for MLX, without a download.

    `qwen3mlx list` shows the GGUF files of Ollama, LM Studio and llama.cpp. What is affine in GGUF
    (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0) keeps its integers; for the rest, the loss is measured and
    printed. The model appears only after it has been written and verified; a second run continues
    one that was interrupted.
    """
    from qwen3mlx_quantize.gguf import ImportRequest, run_import

    from ..errors import UsageError
    from ..library.gguf_files import default_output, find_gguf

    terminal = Terminal.standard()
    if json_ and events:
        raise UsageError("--json and --events are two ways to print: choose one.")
    with progress_for(terminal, events=events) as on_event:
        source, folder = find_gguf(name), output or default_output(name)
        request = ImportRequest(source=source, output=folder, name=Path(name).name)
        done = run_import(request, on_event)
    if json_ or events:
        print(json.dumps(done.as_json()))
    else:
        _print_result(done, terminal)


def _print_result(done: ImportResult, terminal: Terminal) -> None:
    from qwen3mlx_quantize.gguf.losses import error_text, total_error

    plan = done.result.plan
    print(done.result.folder)
    sys.stdout.flush()
    for loss in done.losses:
        terminal.note(
            f"{loss.type}: {loss.share:.1%} of the weights, stored as {loss.stored}; error "
            f"{error_text(loss.error)}"
        )
    terminal.note(
        f"{plan.bits_per_weight:.3f} bits per weight, {size_text(plan.nbytes)}, "
        f"{done.result.seconds:.0f} s; error of the import {error_text(total_error(done.losses))}."
    )
