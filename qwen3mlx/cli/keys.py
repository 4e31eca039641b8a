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

NO_KEYS = (
    "There are no keys: whoever reaches a server that is started now may use it. A running one "
    "that has had a key stays closed until it is restarted, or you make a new key."
)

app = typer.Typer(
    help="Create, list and revoke API keys.\n\nOnce there is one, a server asks for a key.",
    no_args_is_help=True,
)


@app.command()
@guarded
def create(name: KeyName, scope: KeyScope = "inference") -> None:
    """Create a key and print it; only its hash is kept, so it cannot be shown again."""
    from ..server.http.keys import KeyStore

    print(KeyStore().create(name, scope))
    Terminal.standard().note(f"This is the key {name}: keep it, it is not shown again.")


@app.command(name="list")
@guarded
def list_keys() -> None:
    """List the keys: what they are for, when they were created and last used."""
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
    """Delete a key; a running server refuses it from now on."""
    from ..server.http.keys import KeyStore

    store, terminal = KeyStore(), Terminal.standard()
    store.revoke(name)
    terminal.note(f"The key {name} is revoked.")
    if not store.keys():
        terminal.note(NO_KEYS)
