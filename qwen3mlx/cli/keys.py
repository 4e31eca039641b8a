"""`qwen3mlx keys`: the API keys that a server on this computer accepts."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .guard import guarded
from .terminal import Terminal

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]

Scope = Literal["inference", "models", "admin"]
KeyScope = Annotated[
    Scope,
    typer.Option(
        metavar="SCOPE",
        help="inference: answers; models: to load and download models, too; admin: everything.",
    ),
]

app = typer.Typer(
    help="Create, list and revoke API keys.\n\nOnce there is one, a server asks for a key.",
    no_args_is_help=True,
)


@app.command()
@guarded
def create(name: KeyName, scope: KeyScope = "inference") -> None:
    """Create a key and print it; only its hash is kept, so it cannot be shown again."""
    from ..server.keys import KeyStore

    print(KeyStore().create(name, scope))
    Terminal.standard().note(f"This is the key {name}: keep it, it is not shown again.")


@app.command(name="list")
@guarded
def list_keys() -> None:
    """List the keys: what they are for, when they were created and last used."""
    from ..server.keys import KeyStore
    from .tables import print_table

    terminal = Terminal.standard()
    stored = KeyStore().keys()
    rows = [(key.name, key.scope, key.created, key.last_used or "never") for key in stored]
    print_table(("NAME", "SCOPE", "CREATED", "LAST USED"), rows, terminal)
    if not rows:
        terminal.note("There are no keys: whoever reaches the server may use it.")


@app.command()
@guarded
def revoke(name: KeyName) -> None:
    """Delete a key; a running server refuses it from now on."""
    from ..server.keys import KeyStore

    KeyStore().revoke(name)
    Terminal.standard().note(f"The key {name} is revoked.")
