"""Get from a model's name on the command line to a loaded model, showing progress meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import hub, library
from ..config import LoadOptions
from ..errors import InvalidRequestError, ModelNotFoundError, UsageError
from ..quoting import size_text
from .display import one_line
from .terminal import Terminal

if TYPE_CHECKING:
    from ..runtime import Runtime

ByteCount = Callable[[int, int], None]


def load_options(**options: Any) -> LoadOptions:
    """Return the load options. Raises UsageError, which names the invalid one."""
    try:
        return LoadOptions(**options)
    except InvalidRequestError as error:
        raise UsageError(str(error)) from error


def short_name(name: str) -> str:
    """Return a short name for the model: `demo`, `Qwen3-8B-MLX-4bit`, or a folder's own name."""
    meant = library.plain(name)
    try:
        target = library.parse_name(name)
    except ModelNotFoundError:  # a name that the library knows
        return meant
    if isinstance(target, library.Wanted):
        return target.repository.repo_id.split("/")[1]
    return meant.casefold() if meant.casefold() in library.DEMOS else target.path.resolve().name


def is_base(name: str) -> bool:
    """Return whether the name is that of a base model, or means one."""
    try:
        target = library.parse_name(name)
    except ModelNotFoundError:
        return library.is_base(library.plain(name))
    if isinstance(target, library.Wanted):
        return library.is_base(target.repository.repo_id)
    return library.is_base(library.plain(name))


def find_installed(name: str) -> library.LocalModel:
    """Find the model `name` on this computer. Unlike a request, the command line may name any
    folder.
    """
    try:
        folder = library.resolve(name)
    except ModelNotFoundError:
        return library.Library().find(name)  # raises with the names that exist
    return library.Library(extra=[folder]).find(str(folder))


def locate(name: str, terminal: Terminal) -> Path:
    """Return the model's folder; at a terminal, offer to download a missing model."""
    try:
        library.parse_name(name)
    except ModelNotFoundError:
        # Raises with the names that exist.
        return library.without_adapter(library.Library().find(name))
    try:
        return library.resolve(name)
    except library.NotDownloadedError as missing:
        if hub.is_offline() or not terminal.can_ask:
            raise
        repository = missing.repository
        size = repository.approximate_bytes
        about = f" (about {size_text(size)})" if size else ""
        if not terminal.ask(f"Download {repository.repo_id}{about}?"):
            raise
    return fetch(name, terminal)


def fetch(name: str, terminal: Terminal, *, revision: str | None = None) -> Path:
    """Download `name`, with a progress bar at a terminal and a line per 10% elsewhere."""
    from ..hub.sources import HUGGING_FACE, first_source, place, preferred, split

    source, rest = split(name)
    if source in (None, HUGGING_FACE):
        target, shown = library.parse_name(rest), short_name(rest)
        if isinstance(target, library.Wanted):
            for note in preferred(target, source or first_source()).notes:
                terminal.note(note)
    else:
        shown = place(source, rest).repo_id
    show = _bar if terminal.stderr.isatty() else _lines
    with show(shown, terminal) as progress:
        return hub.fetch(name, revision=revision, progress=progress)


def load(
    name: str, options: LoadOptions, terminal: Terminal, adapter: str | None = None
) -> Runtime:
    """Load the model, with a spinner that says what is taking time."""
    folder = locate(name, terminal)
    if not terminal.stderr.isatty():
        return _load(folder, options, adapter, None)
    with terminal.console(terminal.stderr).status(f"Loading {short_name(name)} ...") as status:

        def show(done: int, total: int) -> None:
            percent = f" {100 * done // total}%" if total else ""
            status.update(f"Loading {one_line(short_name(name))} ...{percent}")

        return _load(folder, options, adapter, show)


def _load(
    folder: Path, options: LoadOptions, adapter: str | None, on_progress: ByteCount | None
) -> Runtime:
    from ..runtime import load as load_runtime

    return load_runtime(
        folder,
        context_length=options.context_length,
        rope_scaling=options.rope_scaling,
        kv_bits=options.kv_bits,
        quantize=options.quantize,
        adapter=adapter,
        on_progress=on_progress,
    )


@contextmanager
def _bar(name: str, terminal: Terminal) -> Iterator[hub.ProgressCallback]:
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(compact=True),
    )
    with rich.Progress(*columns, console=terminal.console(terminal.stderr)) as bar:
        tasks: dict[str, rich.TaskID] = {}

        def show(progress: hub.Progress) -> None:
            phase, done, total = progress.phase, progress.done, progress.total
            if phase not in tasks:
                tasks[phase] = bar.add_task(_title(phase, name), total=total)
            bar.update(tasks[phase], completed=done, total=total)

        yield show


@contextmanager
def _lines(name: str, terminal: Terminal) -> Iterator[hub.ProgressCallback]:
    shown: dict[str, int] = {}

    def show(progress: hub.Progress) -> None:
        phase, done, total = progress.phase, progress.done, progress.total
        tenth = 10 * done // total if total else 10
        if tenth > shown.get(phase, -1):
            shown[phase] = tenth
            terminal.note(f"{_title(phase, name)}: {10 * tenth}% of {size_text(total)}")

    yield show


def _title(phase: str, name: str) -> str:
    """`Downloading Qwen3-8B-MLX-4bit`."""
    return one_line(f"{phase.capitalize()} {name}")
