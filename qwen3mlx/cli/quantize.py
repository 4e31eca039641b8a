"""`qwen3mlx quantize`: a checkpoint in fewer bits."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal import Terminal

if TYPE_CHECKING:
    from quantize.convert import Converted, Progress
    from quantize.plan import Plan

# Seconds between two lines about the progress, where there is no terminal.
SAY_EVERY = 10.0

Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The new checkpoint's folder.")
]
RecipeName = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="NAME|FILE.toml",
        help="2bit, 3bit, 4bit, 5bit, 6bit, 8bit, mixed-4-8, auto, mxfp4, mxfp8, nvfp4, bf16, "
        "or a file.",
    ),
]
TargetBits = Annotated[
    float | None,
    typer.Option(metavar="X", help="Bits per weight that --recipe auto may spend, such as 5."),
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
        "errors with the help of a text.",
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Text for gptq and auto: a file or a folder; default: our own."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and stop.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted conversion.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def quantize(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="A folder, a hub id or an alias (qwen3:8b-bf16).")
    ],
    output: Output,
    recipe: RecipeName = "4bit",
    target_bpw: TargetBits = None,
    group_size: GroupSize = None,
    method: MethodName = None,
    calibration: Calibration = None,
    dry_run: DryRun = False,
    resume: Resume = False,
    json_: AsJson = False,
) -> None:
    """Convert a checkpoint to MLX's format with fewer bits per weight.

    The result loads here, in mlx-lm and in LM Studio. It gets its name when all of it is written
    and read back; an interrupted conversion goes on with --resume.
    """
    from quantize import convert
    from quantize import recipe as recipes
    from quantize.plan import make
    from quantize.source import Source

    from ..errors import UsageError
    from .models import locate

    terminal = Terminal.standard()
    if (recipe == "auto") != (target_bpw is not None):
        raise UsageError("--recipe auto and --target-bpw go together: --target-bpw 5, say.")
    chosen = recipes.load("4bit" if recipe == "auto" else recipe)
    if group_size is not None:
        chosen = chosen.with_group_size(group_size)
    opened = Source(locate(source, terminal))
    if opened.is_quantized and recipe != "bf16":
        terminal.note("The source is quantized already: what was lost then stays lost.")
    if target_bpw is not None:
        with _progress(terminal) as on_progress:
            chosen = convert.automatic(opened, target_bpw, calibration, on_progress)
    plan = make(opened, chosen)
    if dry_run:
        convert.check(opened, plan, output)
        _say_plan(plan, output, json_)
        return
    options = convert.Options(chosen, method_for(method, chosen), resume, _command())
    quantizer = convert.quantizer(opened, plan, options, calibration)
    with _progress(terminal) as on_progress:
        result = convert.convert(opened, output, options, quantizer, on_progress)
    _say_result(result, json_)


def method_for(name: str | None, recipe: Any) -> Any:
    """Raises UsageError for a method there is not, or one that the recipe's mode has no use for."""
    from ..errors import UsageError

    floats = recipe.default is not None and recipe.default.mode != "affine"
    if name is None:
        return "rtn" if floats or recipe.default is None else "mse"
    if name not in ("rtn", "mse", "gptq"):
        raise UsageError(f"There is no method {name!r}: there are rtn, mse and gptq.")
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
        f"{output}: {plan.nbytes / 1e9:.2f} GB in {_files(plan)}, "
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
        print(json.dumps(_plan_json(result.plan) | about))
        return
    print(result.folder)
    plan = result.plan
    print(
        f"{plan.bits_per_weight:.3f} bits per weight, {plan.nbytes / 1e9:.2f} GB, "
        f"{result.seconds:.0f} s; `qwen3mlx evaluate` says what it cost.",
        file=sys.stderr,
    )


class _progress:
    """A bar with the time left at a terminal, a line now and then elsewhere."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar: Any = None
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Progress:
        if not self._terminal.stderr.isatty():
            return self._line
        from rich import progress as rich

        columns = (
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            rich.TaskProgressColumn(),
            rich.TimeRemainingColumn(compact=True),
        )
        self._bar = rich.Progress(*columns, console=self._terminal.console(self._terminal.stderr))
        self._bar.start()
        self._task = self._bar.add_task("", total=None)
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _show(self, done: int, total: int, name: str) -> None:
        self._bar.update(self._task, completed=done, total=total, description=name)

    def _line(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if done and name != "verifying" and now - self._said > SAY_EVERY:
            self._said = now
            left = (now - self._started) * (total - done) / done
            self._terminal.note(f"{100 * done // total}% quantized, about {left:.0f} s left")


def _command() -> str:
    """As it was typed, without this machine's folders."""
    words = [Path(word).name if "/" in word and Path(word).exists() else word for word in sys.argv]
    return " ".join(["qwen3mlx", *words[1:]])
