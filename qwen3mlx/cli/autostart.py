"""`qwen3mlx autostart`: serve when the user logs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from .guard import guarded
from .terminal import Terminal

app = typer.Typer(
    help="Start the server when you log in, or not.\n\nIt is started as `qwen3mlx serve`, with the"
    " defaults in settings.json.",
    no_args_is_help=True,
)


@app.command()
@guarded
def on() -> None:
    """Start the server at each login, and again if it crashes."""
    from qwen3mlx_app.services import login_item

    from ..child_process import own_command

    with _told():
        login_item.turn_on(own_command())
    Terminal.standard().note(f"The server starts when you log in: {login_item.path()}.")


@app.command()
@guarded
def off() -> None:
    """Stop the server that the login started, and start none from now on."""
    from qwen3mlx_app.services import login_item

    with _told():
        login_item.turn_off()
    Terminal.standard().note("No server starts when you log in.")


@app.command()
@guarded
def status() -> None:
    """Print `on` or `off`."""
    from qwen3mlx_app.services import login_item

    print("on" if login_item.is_on() else "off")


@contextmanager
def _told() -> Iterator[None]:
    from qwen3mlx_app.services.login_item import LoginItemError

    from ..errors import ConfigurationError

    try:
        yield
    except LoginItemError as error:
        raise ConfigurationError(str(error)) from None
