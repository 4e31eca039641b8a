"""The command `qwen3mlx` of a bundle in a folder of PATH: a link, put there and taken away again.

Without Qt. An installation by pip has the command in a folder of its own already.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "qwen3mlx"
# Where a link may be put, the first one preferred; nothing else on PATH is ever written to.
_FOLDERS = ("~/.local/bin", "~/bin", "/opt/homebrew/bin", "/usr/local/bin")
# From where a Mac runs what is not installed: a disk image, or a copy that moves at each start.
_PASSING = ("/Volumes/", "/private/var/folders/")


class CommandLinkError(Exception):
    """One sentence about what is in the way, and what to do."""


def bundled_command() -> Path | None:
    """The command within this bundle; None where the program is no bundle."""
    if not getattr(sys, "frozen", False):
        return None
    return Path(sys.executable).with_name(NAME)


def links(command: Path, folders: Sequence[Path]) -> list[Path]:
    """The links in `folders` that lead to `command`."""
    found = (folder / NAME for folder in folders)
    return [link for link in found if link.is_symlink() and _leads_to(link, command)]


def put(command: Path, folders: Sequence[Path], on_path: Sequence[str]) -> Path:
    """Link to `command` from the first folder that is on PATH and may be written to; return it.

    Raises CommandLinkError where there is none, or another program of that name is in it.
    """
    if str(command).startswith(_PASSING):
        raise CommandLinkError("Move the app into Applications, and open it there first.")
    if not command.is_file():
        raise CommandLinkError("The app was moved: quit it, and open it again first.")
    for folder in folders:
        if str(folder) in on_path and os.access(folder, os.W_OK | os.X_OK):
            return _link(folder / NAME, command)
    place = Path(_FOLDERS[-1])
    line = f"sudo mkdir -p {place} && sudo ln -sf {shlex.quote(str(command))} {place / NAME}"
    raise CommandLinkError(f"No folder of PATH can be written to. Run this in a terminal: {line}")


def _link(link: Path, command: Path) -> Path:
    if os.path.lexists(link) and not _is_replaceable(link, command):
        raise CommandLinkError(f"{link} is another program: move it away, then try again.")
    link.unlink(missing_ok=True)
    link.symlink_to(command)
    return link


def take_away(command: Path, folders: Sequence[Path]) -> None:
    """Remove the links to `command`. Raises CommandLinkError for one that cannot be removed."""
    for link in links(command, folders):
        try:
            link.unlink()
        except PermissionError:
            line = f"sudo rm {shlex.quote(str(link))}"
            raise CommandLinkError(f"Run this in a terminal: {line}") from None


def known_folders() -> list[Path]:
    return [Path(os.path.expanduser(folder)) for folder in _FOLDERS]


def path_of_terminals(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The folders that a terminal looks for commands in, as far as that can be known here."""
    found = environment.get("PATH", "").split(os.pathsep)
    if sys.platform == "darwin":  # an app that the Dock started has less than a terminal
        for file in (Path("/etc/paths"), *sorted(Path("/etc/paths.d").glob("*"))):
            found += file.read_text("utf-8", "replace").splitlines()
    return [folder.rstrip("/") for folder in found if folder.startswith("/")]


def _leads_to(link: Path, command: Path) -> bool:
    return os.path.realpath(link) == os.path.realpath(command)


def _is_replaceable(link: Path, command: Path) -> bool:
    """Whether it is a link of ours, or one that leads to nothing any more."""
    return link.is_symlink() and (_leads_to(link, command) or not os.path.exists(link))
