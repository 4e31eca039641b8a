"""What was measured on: the machine and the versions, for whoever compares."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import mlx.core as mx

from .. import __version__
from ..library.family import memory_bytes
from ..library.machine import chip_name
from ..settings.table import COMMAND_BUFFER_VARIABLES


def machine() -> dict[str, str | int]:
    """The chip, its memory in bytes, the device that computes, what is set of MLX's command
    buffers, and versions.
    """
    device = "CPU" if mx.default_device() == mx.Device(mx.cpu) else "GPU"
    return {
        "chip": chip_name(),
        "memory_bytes": memory_bytes(),
        "device": device,
        "command_buffer": _command_buffer(),
        "system": _system(),
        "python": platform.python_version(),
        "qwen3mlx": __version__,
        "mlx": _version("mlx"),
        "mlx_lm": _version("mlx-lm"),
    }


def _command_buffer() -> str:
    told = (name for name in COMMAND_BUFFER_VARIABLES if name in os.environ)
    return " ".join(f"{name}={os.environ[name]}" for name in told)


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.release()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
