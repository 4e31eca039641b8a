"""`qwen3mlx unload`: give a model's memory back."""

from __future__ import annotations

from .options import ApiKey, InstalledModel, Url
from .terminal import Terminal


def unload(model: InstalledModel, url: Url = None, api_key: ApiKey = None) -> None:
    """Have a running server give a model's memory back.

    Requests that the model is answering end with an error.
    """
    from .client import Client

    answer = Client(url, api_key).post("/api/v1/models/unload", {"instance_id": model})
    Terminal.standard().note(f"{answer['instance_id']} is unloaded.")
