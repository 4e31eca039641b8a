"""`qwen3mlx load`: load a model into a running server."""

from __future__ import annotations

import json
from typing import Any

from .options import ApiKey, ContextLength, InstalledModel, KvBits, ModelTtl, RopeScaling, Url
from .terminal import Terminal


def load(
    model: InstalledModel,
    context_length: ContextLength = None,
    rope_scaling: RopeScaling = None,
    kv_bits: KvBits = None,
    ttl: ModelTtl = None,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Load a model into a running server.

    The settings given here, except --ttl, are saved and used whenever the model is loaded again;
    they replace all previously saved ones. If none are given, the saved settings apply.
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
    terminal.note(f"Loaded {answer['instance_id']} ({seconds:.1f} s).")
    if "load_config" in answer:  # skip this if the model was unloaded in the meantime
        terminal.note(f"Settings: {_in_words(answer['load_config'])}.")


def _in_words(settings: dict[str, Any]) -> str:
    """Return `context length 4,096, 8-bit KV cache`; omitted settings are the model's own."""
    words = [f"context length {settings['context_length']:,}"]
    if scaling := settings.get("rope_scaling"):
        words.append(f"RoPE scaling {json.dumps(scaling)}")
    bits = settings.get("kv_bits")
    words.append(f"{bits}-bit KV cache" if bits else "unquantized KV cache")
    return ", ".join(words)
