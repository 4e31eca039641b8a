"""`qwen3mlx upload`: publish a checkpoint on Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..quoting import printable, size_text
from .job_progress import progress_for
from .terminal import Terminal

if TYPE_CHECKING:
    from qwen3mlx_quantize.publication import Publication

    from ..hub.upload import OnFile, Target

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The checkpoint's folder.", show_default=False)
]
Name = Annotated[
    str, typer.Argument(metavar="USER/NAME", help="The repository.", show_default=False)
]
Public = Annotated[bool, typer.Option("--public", help="Let everybody see it; default: only you.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]


def upload(folder: Folder, name: Name, public: Public = False, yes: Yes = False) -> None:
    """Publish a checkpoint on Hugging Face, after showing what would be sent.

    A folder is refused that is not finished, was changed, or holds anything else than the
    checkpoint. A new repository is private unless --public is given. If interrupted, run it again:
    what has arrived is not sent again. The token is HF_TOKEN, or the one of `hf auth login`;
    HF_ENDPOINT and HF_HUB_OFFLINE are respected.
    """
    from qwen3mlx_quantize.publication import check_digests, publication

    from ..errors import UsageError
    from ..hub.upload import send, target
    from ..settings.state import expanded

    terminal = Terminal.standard()
    found = publication(expanded(folder))
    to = target(name, is_private=not public)
    _show(found, to, terminal)
    if not yes:
        if not terminal.can_ask:
            raise UsageError("Cannot ask for confirmation here: add --yes to send these files.")
        if not terminal.ask(f"Send them to {to.url}?", default=False):
            terminal.note("Nothing was sent.")
            return
    with progress_for(terminal, events=False) as on_event:
        check_digests(found, on_event)
    with _sending(found, terminal) as on_file:
        commit = send(to, found.files, on_file)
    terminal.note(f"Sent in one commit: {commit}")
    print(to.url)


def _show(found: Publication, to: Target, terminal: Terminal) -> None:
    """Print what would be sent, and where to."""
    there = set(to.others)
    for file in found.files:
        replaces = ", replaces the one there" if file.name in there else ""
        terminal.note(f"  {file.name}  {size_text(file.stat().st_size)}{replaces}")
    visibility = "private" if to.is_private else "public: everybody can see and copy it"
    kind = "exists" if to.exists else "new"
    number = f"{len(found.files)} file{'s' if len(found.files) > 1 else ''}"
    terminal.note(f"{number}, {size_text(found.nbytes)}, to {to.url} ({kind}, {visibility}).")
    names = {file.name for file in found.files}
    if stay := [name for name in to.others if name not in {*names, ".gitattributes"}]:
        more = f" and {len(stay) - 3} more" if len(stay) > 3 else ""
        terminal.note(f"Note: files stay there: {printable(', '.join(stay[:3]))}{more}.")
    for note in found.notes:
        terminal.note(f"Note: {note}")


@contextmanager
def _sending(found: Publication, terminal: Terminal) -> Iterator[OnFile]:
    """Print a line per file; within a large one, the library's own bar at a terminal."""
    from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

    number = len(found.files)

    def on_file(place: int) -> None:
        if place < number:
            file = found.files[place]
            size = size_text(file.stat().st_size)
            terminal.note(f"Sending {file.name} ({size}), {place + 1} of {number}")

    is_shown = terminal.stderr.isatty()
    (enable_progress_bars if is_shown else disable_progress_bars)()
    try:
        yield on_file
    except KeyboardInterrupt:
        terminal.note("Stopped: run it again; what has arrived is not sent again.")
        raise
