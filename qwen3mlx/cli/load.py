"""`qwen3mlx load`: have a running server load a model."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from .options import (
    MOST,
    ApiKey,
    ContextLength,
    InstalledModel,
    KvBits,
    RopeScaling,
    Url,
    finite,
)
from .terminal import Terminal


def load(
    model: InstalledModel,
    context_length: ContextLength = None,
    rope_scaling: RopeScaling = None,
    kv_bits: KvBits = None,
    ttl: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=1,
            max=MOST,
            callback=finite,
            help="Idle time after which it leaves memory.",
        ),
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Have a running server load a model.

    The settings given here, but --ttl, are kept and used whenever the model is loaded again: they
    replace all those kept before. Without any, those kept are used.
    """
    from .client import Client
    from .models import load_options

    options: dict[str, Any] = {
        "context_length": context_length,
        "rope_scaling": rope_scaling,
        "kv_bits": kv_bits,
    }
    load_options(**options)
    given = {name: value for name, value in (options | {"ttl": ttl}).items() if value is not None}
    answer = Client(url, api_key).post(
        "/api/v1/models/load", {"model": model, **given, "echo_load_config": True}
    )
    seconds, terminal = answer["load_time_seconds"], Terminal.standard()
    terminal.note(f"{answer['instance_id']} is loaded ({seconds:.1f} s).")
    if "load_config" in answer:  # not where something has unloaded it already
        terminal.note(f"Its settings: {_in_words(answer['load_config'])}.")


def _in_words(settings: dict[str, Any]) -> str:
    """`context length 4,096, KV cache of 8 bits`; what is not told is the model's own."""
    words = [f"context length {settings['context_length']:,}"]
    if scaling := settings.get("rope_scaling"):
        words.append(f"RoPE scaling {json.dumps(scaling)}")
    bits = settings.get("kv_bits")
    words.append(f"KV cache of {bits} bits" if bits else "KV cache not quantized")
    return ", ".join(words)
