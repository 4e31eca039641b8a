"""`qwen3mlx ps`: list the models loaded in a running server."""

from __future__ import annotations

from datetime import datetime, timezone

from .options import ApiKey, PrintJson, Url
from .terminal import Terminal

_COLUMNS = ("MODEL", "WEIGHTS", "MEMORY", "CONTEXT", "STAYS")


def ps(url: Url = None, api_key: ApiKey = None, as_json: PrintJson = False) -> None:
    """List the models loaded in a running server.

    The last column shows when each one is unloaded if it stays idle.
    """
    from ..quoting import size_text
    from .client import Client
    from .tables import print_json, print_table

    terminal = Terminal.standard()
    loaded = Client(url, api_key).get("/api/ps")["models"]
    if as_json:
        print_json(loaded, terminal)
        return
    rows = [
        (
            model["model"].removesuffix(":latest"),
            model["details"]["quantization_level"],
            size_text(model["size_vram"]),
            f"{model['context_length']:,}",
            _time_left(model["expires_at"]),
        )
        for model in loaded
    ]
    print_table(_COLUMNS, rows, terminal)
    if not loaded:
        terminal.note("No models are loaded; a request loads the model it names.")


def _time_left(expires_at: str) -> str:
    """Return the time left; empty for models in use and models that stay (they expire in years)."""
    left = datetime.fromisoformat(expires_at.replace("Z", "+00:00")) - datetime.now(timezone.utc)
    return "" if left.days > 365 else f"{max(0, round(left.total_seconds() / 60))} min"
