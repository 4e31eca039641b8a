"""Error messages as callers may see them: printable, of limited length, and without folders."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...quoting import printable, shortened
from ...settings.state import user_home
from .caller import caller

# Characters of one message; a list of models may be long.
MOST = 2000
# Matches where an absolute path can start.
_BEGINNING = re.compile(r"(?<![\w./~:-])~?/")


def told(text: str) -> str:
    """`text` on one line; callers without the scope admin see files without their folders."""
    line = printable(" ".join(text[: 4 * MOST].split()))
    return shortened(line if caller().may("admin") else without_folders(line), MOST)


def without_folders(text: str) -> str:
    """Shortens absolute paths to their last name, as folder names are private.

    `/Users/ada/models/Qwen3-8B/config.json` -> `config.json`. Paths of the server (`/v1/models`)
    do not exist as folders, and stay.
    """
    for home in {str(user_home()), os.path.realpath(user_home())} - {"/"}:
        text = re.sub(rf"{re.escape(home)}(?!\w)", "~", text)
    kept, end = "", 0
    for match in _BEGINNING.finditer(text):
        if match.start() >= end:
            kept += text[end : match.start()]
            end = _end_of_folders(text, match.start())
    return kept + text[end:]


def _end_of_folders(text: str, start: int) -> int:
    """Return where the existing folders end in the path that starts at `start`."""
    end, slash = start, text.index("/", start)
    while (slash := text.find("/", slash + 1)) >= 0:
        if not os.path.isdir(os.path.expanduser(text[start:slash])):
            break
        end = slash + 1
    return end


def told_path(path: Path) -> str:
    """The absolute path for callers with the scope admin, its last name for others."""
    return str(path) if caller().may("admin") else path.name
