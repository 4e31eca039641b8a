"""`qwen3mlx quantize`: convert a checkpoint to fewer bits per weight."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..quoting import size_text
from .job_progress import progress_for
from .options import Events, PrintJson, finite, tokens
from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize import Quality, QuantizeResult

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="SRC", help="A folder, a hub id or an alias (qwen3:8b-bf16).", show_default=False
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The folder for the new checkpoint.")
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME|FILE.toml",
        help="2bit, 3bit, 4bit (the default), 5bit, 6bit, 8bit, mixed-4-8, auto, mxfp4, mxfp8, "
        "nvfp4, bf16, or a file.",
    ),
]
Mode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="NAME",
        help="Number format: affine, mxfp4, mxfp8 or nvfp4; default: the recipe's.",
    ),
]
TargetBits = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        min=2,
        max=16,
        callback=finite,
        help="Maximum bits per weight for --recipe auto, such as 5.",
    ),
]
Fit = Annotated[
    str | None,
    typer.Option(
        metavar="16GB",
        help="Choose bits as --recipe auto does, so that the model, its KV cache and the system "
        "fit in the memory of a Mac.",
    ),
]
Context = Annotated[
    int | None,
    typer.Option(
        metavar="N|32K", parser=tokens, help="Tokens of the context for --fit; default: 8192."
    ),
]
GroupSize = Annotated[
    int | None, typer.Option(metavar="N", help="Number of weights per scale: 32, 64 or 128.")
]
MethodName = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="rtn: round to nearest, as mlx-lm does; mse: search each scale (the default); gptq: "
        "compensate errors using a text; autoround: train the rounding using a text; awq, dwq: by "
        "mlx-lm, using a text.",
    ),
]
Calibration = Annotated[
    str | None,
    typer.Option(
        metavar="self|PATH",
        help="Text for gptq, autoround, awq, dwq and auto: a file or a folder, or self: the "
        "model's own answers, the default for all but auto from 0.1 billion weights on; else "
        "built-in texts.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be written without writing it.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume an interrupted conversion.")]
Discard = Annotated[
    bool,
    typer.Option(
        "--discard", help="Delete what an interrupted conversion to DIR has left; takes no SRC."
    ),
]
Evaluate = Annotated[
    bool,
    typer.Option(
        "--evaluate", help="Also measure the quality loss, and write it into the model card."
    ),
]


def quantize(
    output: Output,
    source: Source = None,
    recipe: RecipeName = None,
    target_bpw: TargetBits = None,
    fit: Fit = None,
    context: Context = None,
    mode: Mode = None,
    group_size: GroupSize = None,
    method: MethodName = None,
    calibration: Calibration = None,
    measure: Evaluate = False,
    dry_run: DryRun = False,
    resume: Resume = False,
    discard: Discard = False,
    json_: PrintJson = False,
    events: Events = False,
) -> None:
    """Convert a checkpoint to MLX's format with fewer bits per weight.

    The result loads here, in mlx-lm and in LM Studio. It appears at DIR only after it has been
    written and verified; --resume continues an interrupted conversion, and --discard deletes it.
    """
    from qwen3mlx_quantize import QuantizeRequest, run

    from ..errors import UsageError
    from .models import locate
    from .own_answers import answer

    terminal = Terminal.standard()
    if json_ and events:
        raise UsageError("--json and --events are two ways to print: choose one.")
    if discard:
        others = (source, recipe, target_bpw, fit, context, mode, group_size, method, calibration)
        if any(other is not None for other in others) or measure or dry_run or resume or json_:
            raise UsageError("--discard takes --output alone.")
        _discard(output, terminal)
        return
    if source is None:
        raise UsageError("Name a checkpoint to convert: qwen3mlx quantize SRC -o DIR.")
    request = QuantizeRequest(
        source=Path(source),
        output=output,
        recipe=recipe,
        target_bpw=target_bpw,
        fit=fit,
        context=context,
        mode=mode,
        group_size=group_size,
        method=method,
        calibration=calibration,
        measure=measure,
        dry_run=dry_run,
        resume=resume,
        command=command_line(),
    )
    # Wrong options are reported before a model is downloaded.
    request = replace(request, source=locate(source, terminal))
    with progress_for(terminal, events) as on_event:
        result = run(request, on_event, answer=answer)
    if json_ or events:
        print(json.dumps(result.as_json()))
    else:
        _print_result(result)


def _discard(output: Path, terminal: Terminal) -> None:
    from qwen3mlx_quantize import discard

    if discard(output):
        terminal.note(f"Deleted the interrupted conversion to {output}.")
    else:
        terminal.note(f"There is no interrupted conversion to {output}.")


def _print_result(result: QuantizeResult) -> None:
    plan = result.plan
    if result.dry_run:
        files = "1 file" if len(plan.shards) == 1 else f"{len(plan.shards)} files"
        print(
            f"{result.folder}: {size_text(plan.nbytes)} in {files}, "
            f"{plan.bits_per_weight:.3f} bits per weight"
        )
        return
    print(result.folder)
    print(
        f"{plan.bits_per_weight:.3f} bits per weight, {size_text(plan.nbytes)}, "
        f"{result.seconds:.0f} s; {_quality_loss(result.quality)}.",
        file=sys.stderr,
    )


def _quality_loss(quality: Quality | None) -> str:
    if quality is None:
        return "run `qwen3mlx evaluate` to measure the quality loss"
    return (
        f"KL divergence {quality.kl_mean:.5f} nats per token, "
        f"{quality.agreement:.1%} of the top tokens agree"
    )


def command_line() -> str:
    """The command line for the card, without local folders and options that change no result."""
    words = [word for word in sys.argv[1:] if word not in ("--resume", "--json", "--events")]
    return " ".join(["qwen3mlx", *map(_without_folder, words)])


def _without_folder(word: str) -> str:
    path = Path(word)
    return path.name if path.is_absolute() or ("/" in word and path.exists()) else word
