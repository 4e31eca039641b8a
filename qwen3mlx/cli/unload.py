"""`qwen3mlx unload`: unload a model from a running server."""

from __future__ import annotations

from .options import ApiKey, InstalledModel, Url
from .terminal import Terminal


def unload(model: InstalledModel, url: Url = None, api_key: ApiKey = None) -> None:
    """Unload a model from a running server.

    Requests that the model is serving fail with an error.
    """
    from .client import Client

    answer = Client(url, api_key).post("/api/v1/models/unload", {"instance_id": model})
    Terminal.standard().note(f"Unloaded {answer['instance_id']}.")
