"""`qwen3mlx app`: open the desktop app."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

ProfileDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep conversations and settings in DIR instead of QWEN3MLX_HOME, for a throwaway"
        " profile.",
    ),
]


Target = Annotated[
    str,
    typer.Argument(
        metavar="LINK|PATH",
        help="What to open in the app: a qwen3mlx:// link, exported conversations, or a folder with"
        " a model.",
    ),
]


def app(target: Target = "", profile_dir: ProfileDir = None) -> None:
    """Open the desktop app: chat, with a built-in server.

    Conversations, settings and keys stay on this computer.
    """
    from ..child_process import own_command
    from ..errors import UsageError

    if not _has_display():
        raise UsageError(
            "No display is available for the app: use `qwen3mlx run` to chat in the terminal."
        )
    try:
        from qwen3mlx_app.main import main
    except ImportError as error:
        raise UsageError(_how_to_install(error)) from None
    raise typer.Exit(main(profile_dir, own_command(), _as_link(target)))


def _as_link(target: str) -> str:
    """Return the URL of a path, which means the same in another folder; links stay as they are."""
    if not target or "://" in target:
        return target
    return Path(os.path.abspath(os.path.expanduser(target))).as_uri()


def _has_display() -> bool:
    """Return whether a display is available; without one, Qt aborts the process."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform != "linux" or any(map(os.environ.get, names))


def _how_to_install(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"The app is not installed ({error}): run `pip install 'qwen3mlx[app]'`."
    from qwen3mlx_app.linux import INSTALL

    return f"Qt cannot be loaded ({error}): {INSTALL}."
