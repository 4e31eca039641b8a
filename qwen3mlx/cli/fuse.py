"""`qwen3mlx fuse`: one checkpoint of a base and a LoRA adapter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..quoting import size_text
from .job_progress import progress_for
from .options import PrintJson
from .terminal import Terminal

Base = Annotated[
    str, typer.Argument(metavar="BASE", help="A folder, a hub id or an alias (qwen3:8b-bf16).")
]
Adapter = Annotated[
    str, typer.Argument(metavar="ADAPTER", help="The adapter's folder, or its name in `list`.")
]
Output = Annotated[Path, typer.Argument(metavar="OUT", help="The folder for the new checkpoint.")]
Dequantize = Annotated[
    bool, typer.Option("--dequantize", help="Write float, also where the base is quantized.")
]


def fuse(
    base: Base,
    adapter: Adapter,
    output: Output,
    dequantize: Dequantize = False,
    json_: PrintJson = False,
) -> None:
    """Write one checkpoint of a base and a LoRA adapter, for programs that take no adapters.

    The matrices that the adapter changes are rounded to the base's bits again, which loses a
    little where the base is quantized; the rest is copied. The result appears at OUT only after
    it has been written and verified.
    """
    from qwen3mlx_quantize import FuseRequest
    from qwen3mlx_quantize import fuse as run_fuse

    from ..library import adapter_folder
    from .models import locate
    from .quantize import command_line

    terminal = Terminal.standard()
    place = adapter_folder(adapter)
    request = FuseRequest(
        base=locate(base, terminal),
        adapter=place,
        output=output,
        dequantize=dequantize,
        command=command_line(),
    )
    with progress_for(terminal, events=False) as on_event:
        result = run_fuse(request, on_event)
    if json_:
        print(json.dumps(result.as_json()))
        return
    print(result.folder)
    size = size_text(result.plan.nbytes)
    print(f"{result.plan.bits_per_weight:.3f} bits per weight, {size}.", file=sys.stderr)
