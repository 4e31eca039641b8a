"""What was measured on: the machine and the versions, for whoever compares."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mlx.core as mx

from .. import __version__
from ..settings.table import COMMAND_BUFFER_VARIABLES


def machine() -> dict[str, str | int]:
    """The chip, its memory in bytes, the device that computes, what is set of MLX's command
    buffers, and versions.
    """
    device = "CPU" if mx.default_device() == mx.Device(mx.cpu) else "GPU"
    return {
        "chip": chip(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "device": device,
        "command_buffer": _command_buffer(),
        "system": _system(),
        "python": platform.python_version(),
        "qwen3mlx": __version__,
        "mlx": _version("mlx"),
        "mlx_lm": _version("mlx-lm"),
    }


def chip() -> str:
    """The processor's name; elsewhere than on a Mac with the number of its cores."""
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n"):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return f"{value.strip()}, {os.cpu_count()} cores"
    return platform.machine()


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
