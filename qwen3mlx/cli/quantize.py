"""`qwen3mlx quantize`: a checkpoint in fewer bits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..quoting import quoted, size_text
from .options import finite
from .quantize_progress import progress_for
from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize.evaluate import Quality
    from qwen3mlx_quantize.job import Converted
    from qwen3mlx_quantize.plan import Plan

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The new checkpoint's folder.")
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
        help="What the bits stand for: affine, mxfp4, mxfp8 or nvfp4; default: the recipe's.",
    ),
]
TargetBits = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        min=2,
        max=16,
        callback=finite,
        help="Bits per weight that --recipe auto may spend, such as 5.",
    ),
]
GroupSize = Annotated[
    int | None, typer.Option(metavar="N", help="Weights that share a scale: 32, 64 or 128.")
]
MethodName = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help="rtn: rounds, as mlx-lm does; mse: searches each scale (the default); gptq: corrects "
        "errors with the help of a text; awq, dwq: by mlx-lm, with a text.",
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Text for gptq, awq, dwq and auto: a file or a folder; default: our own.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and stop.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted conversion.")]
Evaluate = Annotated[
    bool,
    typer.Option("--evaluate", help="Measure what it cost, too, and write it into the model card."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Events = Annotated[
    bool, typer.Option("--events", help="JSON lines on stdout: the progress, then the result.")
]


def quantize(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A folder, a hub id or an alias (qwen3:8b-bf16).")
    ],
    output: Output,
    recipe: RecipeName = None,
    target_bpw: TargetBits = None,
    mode: Mode = None,
    group_size: GroupSize = None,
    method: MethodName = None,
    calibration: Calibration = None,
    measure: Evaluate = False,
    dry_run: DryRun = False,
    resume: Resume = False,
    json_: AsJson = False,
    events: Events = False,
) -> None:
    """Convert a checkpoint to MLX's format with fewer bits per weight.

    The result loads here, in mlx-lm and in LM Studio. It gets its name when all of it is written
    and read back; an interrupted conversion goes on with --resume.
    """
    from qwen3mlx_quantize import convert, job
    from qwen3mlx_quantize import recipe as recipes
    from qwen3mlx_quantize.partial import check_unused
    from qwen3mlx_quantize.plan import make
    from qwen3mlx_quantize.source import Source

    from ..errors import UsageError
    from .models import locate

    terminal = Terminal.standard()
    if json_ and events:
        raise UsageError("--json and --events are two ways to print: choose one.")
    if (recipe == "auto") != (target_bpw is not None):
        raise UsageError("--recipe auto and --target-bpw go together: --target-bpw 5, say.")
    chosen = recipes.load(_base(recipe, mode))
    if mode is not None:
        chosen = chosen.with_mode(mode)
    if group_size is not None:
        chosen = chosen.with_group_size(group_size)
    packed_by = method_for(method, chosen)
    opened = Source(locate(source, terminal))
    if opened.is_quantized and recipe != "bf16":
        terminal.note("The source is quantized already: what was lost then stays lost.")
    progress = progress_for(terminal, events)
    convert.check_place(opened, output)
    if not dry_run:
        check_unused(output, resume=resume)
    if target_bpw is not None:
        with progress as on_progress:
            chosen = convert.automatic(opened, target_bpw, calibration, on_progress)
    plan = make(opened, chosen)
    if dry_run or not resume:
        convert.check(opened, plan, output)
    if dry_run:
        _say_plan(plan, output, json_ or events)
        return
    options = job.Options(chosen, packed_by, resume, _command(), measure)
    quantizer = convert.quantizer(opened, options, calibration)
    with progress as on_progress:
        result = convert.convert(opened, output, options, quantizer, on_progress)
    _say_result(result, json_ or events)


def _base(recipe: str | None, mode: str | None) -> str:
    """The recipe that is meant where none is named, and that `auto` starts from."""
    if recipe is None:
        return "8bit" if mode == "mxfp8" else "4bit"
    return "4bit" if recipe == "auto" else recipe


def method_for(name: str | None, recipe: Any) -> Any:
    """Raises UsageError for a method there is not, or one that the recipe's mode has no use for."""
    from ..errors import UsageError

    floats = recipe.default is not None and recipe.default.mode != "affine"
    if name is None:
        return "rtn" if floats or recipe.default is None else "mse"
    if name not in ("rtn", "mse", "gptq", "awq", "dwq"):
        raise UsageError(
            f"There is no method {quoted(name)}: there are rtn, mse, gptq, awq and dwq."
        )
    if name != "rtn" and floats:
        raise UsageError(
            f"{name} searches scales of affine integers; {recipe.name} has none: use --method rtn."
        )
    return name


def _say_plan(plan: Plan, output: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_plan_json(plan)))
        return
    print(
        f"{output}: {size_text(plan.nbytes)} in {_files(plan)}, "
        f"{plan.bits_per_weight:.3f} bits per weight"
    )


def _files(plan: Plan) -> str:
    return "1 file" if len(plan.shards) == 1 else f"{len(plan.shards)} files"


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "recipe": plan.recipe.name,
        "size_bytes": plan.nbytes,
        "bits_per_weight": plan.bits_per_weight,
        "num_weights": plan.num_weights,
        "files": [shard.name for shard in plan.shards],
    }


def _say_result(result: Converted, as_json: bool) -> None:
    if as_json:
        about = {"output": str(result.folder), "seconds": result.seconds, "errors": result.errors}
        if result.quality is not None:
            about["quality"] = result.quality.as_json()
        print(json.dumps(_plan_json(result.plan) | about))
        return
    print(result.folder)
    plan = result.plan
    print(
        f"{plan.bits_per_weight:.3f} bits per weight, {size_text(plan.nbytes)}, "
        f"{result.seconds:.0f} s; {_cost(result.quality)}.",
        file=sys.stderr,
    )


def _cost(quality: Quality | None) -> str:
    if quality is None:
        return "`qwen3mlx evaluate` says what it cost"
    return (
        f"KL divergence {quality.kl_mean:.5f} nats per token, "
        f"{quality.agreement:.1%} of the top tokens are the same"
    )


def _command() -> str:
    """As it was typed, without this machine's folders and what changes nothing in the result."""
    words = [word for word in sys.argv[1:] if word not in ("--resume", "--json", "--events")]
    return " ".join(["qwen3mlx", *map(_without_folder, words)])


def _without_folder(word: str) -> str:
    path = Path(word)
    return path.name if path.is_absolute() or ("/" in word and path.exists()) else word
