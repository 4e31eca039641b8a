"""`qwen3mlx load`: have a running server load a model."""

from __future__ import annotations

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

    The settings given here, but --ttl, are kept and used whenever the model is loaded again;
    without any, those kept are used.
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
    answer = Client(url, api_key).post("/api/v1/models/load", {"model": model, **given})
    seconds = answer["load_time_seconds"]
    Terminal.standard().note(f"{answer['instance_id']} is loaded ({seconds:.1f} s).")
