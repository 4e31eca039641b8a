"""`qwen3mlx app`: the window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProfileDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep conversations and settings there, in place of QWEN3MLX_HOME: a throw-away"
        " profile.",
    ),
]


def app(profile_dir: ProfileDir = None) -> None:
    """Open the window: a chat over a server of its own.

    Its conversations, settings and keys stay on this computer.
    """
    from ..errors import UsageError

    try:
        from app.main import main
    except ImportError as error:
        raise UsageError(
            f"The window cannot be opened here ({error}): install it with"
            " `pip install 'qwen3mlx[app]'`."
        ) from None
    raise typer.Exit(main(["--profile-dir", str(profile_dir)] if profile_dir else []))
