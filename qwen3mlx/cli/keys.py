"""`qwen3mlx keys`: the API keys accepted by servers on this computer."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .guard import guarded
from .terminal import Terminal

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="A name for the key.")]

Scope = Literal["inference", "models", "admin"]
KeyScope = Annotated[
    Scope,
    typer.Option(
        metavar="SCOPE",
        help="inference: generate answers; models: also load and download models; "
        "admin: everything.",
    ),
]

NO_KEYS = (
    "There are no keys: a server started now accepts every caller. A running server that has "
    "had a key stays locked until you restart it or create a new key."
)

app = typer.Typer(
    help="Create, list and revoke API keys.\n\nAs soon as one exists, servers require a key.",
    no_args_is_help=True,
)


@app.command()
@guarded
def create(name: KeyName, scope: KeyScope = "inference") -> None:
    """Create a key and print it. Only its hash is stored, so it cannot be shown again."""
    from ..server.http.keys import KeyStore

    print(KeyStore().create(name, scope))
    Terminal.standard().note(f"This is the key {name}. Save it now; it won't be shown again.")


@app.command(name="list")
@guarded
def list_keys() -> None:
    """List the keys, with their scopes and when they were created and last used."""
    from ..server.http.keys import KeyStore
    from .tables import print_table

    terminal = Terminal.standard()
    stored = KeyStore().keys()
    rows = [(key.name, key.scope, key.created, key.last_used or "never") for key in stored]
    print_table(("NAME", "SCOPE", "CREATED", "LAST USED"), rows, terminal)
    if not rows:
        terminal.note(NO_KEYS)


@app.command()
@guarded
def revoke(name: KeyName) -> None:
    """Revoke a key. Running servers reject it from now on."""
    from ..server.http.keys import KeyStore

    store, terminal = KeyStore(), Terminal.standard()
    store.revoke(name)
    terminal.note(f"Revoked the key {name}.")
    if not store.keys():
        terminal.note(NO_KEYS)
