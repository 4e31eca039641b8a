"""Conversions as the tests want them: rounding to 4 bits unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qwen3mlx_quantize import Event, OnEvent, Progress, QuantizeRequest, QuantizeResult, Recipe, run
from qwen3mlx_quantize import recipe as recipes
from qwen3mlx_quantize.conversion import Conversion
from qwen3mlx_quantize.events import ignore
from qwen3mlx_quantize.packing import Method
from qwen3mlx_quantize.plan import build_plan
from qwen3mlx_quantize.source import Source
from qwen3mlx_quantize.texts import Tokens


class Stopped(Exception):
    pass


def quantize(
    source: Path,
    output: Path,
    recipe: str | Recipe = "4bit",
    method: str = "rtn",
    *,
    on_event: OnEvent = ignore,
    resume: bool = False,
    command: str = "",
) -> QuantizeResult:
    request = QuantizeRequest(
        source=source, output=output, recipe=recipe, method=method, resume=resume, command=command
    )
    return run(request, on_event)


def conversion(
    source: Path, output: Path, recipe: str | Recipe, method: Method, *, resume: bool = False
) -> Conversion[Source]:
    """For a quantizer of the test's own."""
    opened = Source(source)
    chosen = recipe if isinstance(recipe, Recipe) else recipes.load(recipe)
    return Conversion(opened, output, build_plan(opened, chosen), method, resume)


def stopped_at(step: int) -> Callable[[Event], None]:
    """Ends the run as it starts its step number `step`."""
    started = 0

    def on_event(event: Event) -> None:
        nonlocal started
        if isinstance(event, Progress) and event.phase == "converting":
            started += 1
            if started > step:
                raise Stopped

    return on_event


def tokens(*documents: Sequence[int]) -> Tokens:
    return Tokens("a text", list(documents))
