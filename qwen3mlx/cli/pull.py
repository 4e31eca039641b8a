"""`qwen3mlx pull`: download a model."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import Terminal


def pull(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="An alias (qwen3:8b) or a hub id (Qwen/Qwen3-8B-MLX-4bit)."
        ),
    ],
    revision: Annotated[
        str | None, typer.Option(metavar="REV", help="A branch, tag or commit; default: main.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the hub has a newer revision.")
    ] = False,
) -> None:
    """Download a model from the hub, or complete or update it, and print its folder.

    Files go to the Hugging Face cache. HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN are
    respected. If interrupted, run it again: it goes on where it stopped. With modelscope: or
    kaggle: before the name, it comes from there, into that hub's own cache; "source" of "server"
    in settings.json says which hub comes first for names of the family.
    """
    from .. import library
    from ..hub.sources import HUGGING_FACE, split
    from .models import fetch

    terminal = Terminal.standard()
    source, rest = split(name)
    if check:
        print(_news(source, rest))
        return
    if source not in (None, HUGGING_FACE):
        folder = fetch(name, terminal, revision=revision)
    elif isinstance(library.parse_name(rest), library.Folder):
        folder = library.resolve(rest)
        terminal.note(f"{name} is already on this computer.")
    else:
        _warn_if_too_large(rest, terminal)
        folder = fetch(name, terminal, revision=revision)
    print(folder)


def _news(source: str | None, name: str) -> str:
    """Say in one line whether what is here is what the hub has."""
    from .. import library
    from ..errors import UsageError
    from ..hub.download import latest_commit
    from ..hub.sources import HUGGING_FACE
    from ..library.cache import cached_snapshot

    target = library.parse_name(name)
    if source not in (None, HUGGING_FACE) or not isinstance(target, library.Wanted):
        raise UsageError("--check compares with Hugging Face: name a model from there.")
    for repository in target.repositories:
        if (snapshot := cached_snapshot(repository.repo_id)) is not None:
            latest = latest_commit(repository.repo_id)
            if snapshot.name == latest:
                return f"{repository.repo_id} is up to date."
            return (
                f"{repository.repo_id} has a newer revision, {latest[:12]} (here: "
                f"{snapshot.name[:12]}): run `qwen3mlx pull {repository.repo_id}`."
            )
    raise library.NotDownloadedError(name, target.repository)


def _warn_if_too_large(name: str, terminal: Terminal) -> None:
    """Say what will not run here before it arrives; the folder may be for another computer."""
    from .. import library
    from ..library.family import repositories
    from ..library.fit import alternative, of_repository
    from ..library.machine import machine
    from ..quoting import size_text

    target = library.parse_name(name)
    assert isinstance(target, library.Wanted)
    known = repositories().get(target.repository.repo_id.casefold())
    if known is None:
        return
    here = machine()
    found = of_repository(*known, here)
    if found.fit.verdict != "too-large":
        return
    other = alternative(found.name, here)
    advice = f": {other.name} fits" if other else ""
    terminal.note(
        f"{found.name} needs {size_text(found.fit.needed_bytes)}, too much for the "
        f"{size_text(found.fit.limit_bytes)} that models get here{advice}."
    )
