"""`qwen3mlx bench`: how fast a model is here, and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..quoting import size_text
from . import options
from .tables import print_facts, print_json, print_table
from .terminal import Terminal

if TYPE_CHECKING:
    from ..bench import Depth, Speeds, Streams

NONE = "-"


def bench(
    model: options.Model = "demo",
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="Report the median of N measurements.")
    ] = 3,
    compare: Annotated[
        Literal["mlx-lm"] | None,
        typer.Option(metavar="mlx-lm", help="Then measure mlx-lm, if it is installed here, too."),
    ] = None,
    kv_bits: options.KvBits = None,
    as_json: options.PrintJson = False,
) -> None:
    """Measure a model's speed and memory on this computer.

    Prompts of 16 to 32,768 tokens, and 1 to 8 streams at a time. Close other programs first: they
    take their share. Answers are greedy, and random tokens make up the prompts.
    """
    from ..bench import Ours, Peer, is_installed, machine, measure
    from ..errors import UsageError
    from . import models

    terminal = Terminal.standard()
    if compare and not is_installed():
        raise UsageError(
            "mlx-lm is not installed here: run `pip install mlx-lm`, or omit --compare."
        )
    folder = models.locate(model, terminal)
    loading = models.load_options(kv_bits=kv_bits)

    def progress(side: str) -> Any:
        return lambda name: terminal.note(f"Measuring {side}: {name}.")

    with closing(Ours(folder, loading)) as ours:
        config = ours.config
        rest: dict[str, int] = {
            "vocab_size": config.vocab_size,
            "context_length": config.max_position_embeddings,
            "repeats": repeats,
        }
        found = {"qwen3mlx": measure(ours, progress=progress("qwen3mlx"), **rest)}
    if kv_bits is None:
        _remember(folder, found["qwen3mlx"], terminal)
    if compare:
        with closing(Peer(folder)) as peer:
            found[compare] = measure(peer, progress=progress(compare), **rest)
    facts: dict[str, Any] = {
        "model": models.short_name(model),
        "quantization": models.find_installed(str(folder)).quantization,
        "kv_bits": kv_bits,
        "repeats": repeats,
        **machine(),
    }
    if as_json:
        print_json(
            {**facts, "speeds": {side: each.as_json() for side, each in found.items()}}, terminal
        )
    else:
        _print(facts, found, terminal)


def _remember(folder: Path, speeds: Speeds, terminal: Terminal) -> None:
    """Keep the speeds for `fit`, which then has no need to estimate them."""
    from ..errors import NotSavedError
    from ..library.speed import Depth as Measured
    from ..library.speed import remember

    depths = [
        Measured(each.prompt_tokens, each.prefill_tps, each.decode_tps) for each in speeds.depths
    ]
    try:
        remember(folder, depths)
    except NotSavedError as error:
        terminal.note(str(error))


def _print(facts: dict[str, Any], found: dict[str, Speeds], terminal: Terminal) -> None:
    shown = {**facts, "memory": size_text(facts["memory_bytes"])}
    del shown["memory_bytes"]
    print_facts([(name, str(value)) for name, value in shown.items() if value], terminal)
    for side, speeds in found.items():
        print(f"\n{side}", file=terminal.stdout)
        print_facts(_facts(speeds), terminal)
        print_table(
            ["prompt", "prefill tok/s", "first token s", "cached s", "decode tok/s"],
            [_depth(each) for each in speeds.depths],
            terminal,
        )
        print_table(
            ["streams", "equal prompts tok/s", "mixed prompts tok/s"],
            [_streams(each) for each in speeds.streams],
            terminal,
        )
    left_out = [item for speeds in found.values() for item in speeds.left_out.items()]
    for name, reason in dict.fromkeys(left_out):
        terminal.note(f"Left out: {name} ({reason.rstrip('.')}).")


def _facts(speeds: Speeds) -> Sequence[tuple[str, str]]:
    return [
        ("first ten tokens", f"{speeds.first_ten_s:.2f} s"),
        ("peak memory", size_text(speeds.memory.peak)),
        ("cached memory", size_text(speeds.memory.cached)),
    ]


def _depth(each: Depth) -> list[str]:
    cached = NONE if each.cached_ttft_s is None else f"{each.cached_ttft_s:.3f}"
    return [
        f"{each.prompt_tokens:,}",
        f"{each.prefill_tps:,.0f}",
        f"{each.ttft_s:.3f}",
        cached,
        f"{each.decode_tps:,.1f}",
    ]


def _streams(each: Streams) -> list[str]:
    return [str(each.streams), f"{each.equal_tps:,.1f}", f"{each.mixed_tps:,.1f}"]
