"""LoRA adapters on this computer. Imported where one is found or asked for."""

from __future__ import annotations

from pathlib import Path

from ..config.adapter import base_of
from ..config.model_files import is_adapter
from ..errors import ModelNotFoundError
from ..settings.state import expanded


def adapter_folder(adapter: str | Path) -> Path:
    """Return the folder of an adapter. Raises ModelNotFoundError."""
    folder = expanded(adapter)
    if not is_adapter(folder):
        raise ModelNotFoundError(
            f"{folder} holds no adapter: an adapter's folder contains adapter_config.json and "
            "adapter_model.safetensors (PEFT) or adapters.safetensors (mlx-lm)."
        )
    return folder


def alone(folder: Path) -> str:
    """Say which base an adapter wants, for whoever takes it for a model. Raises CheckpointError."""
    base = base_of(folder)
    made_for = f" made for {base}" if base else ""
    return (
        f"{folder} is an adapter{made_for}, not a model: run it with `qwen3mlx run "
        f"{base or 'MODEL'} --adapter {folder}`."
    )
