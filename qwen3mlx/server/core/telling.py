"""What of an error's sentence a caller is told: nothing that hides, nothing endless, no folders."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...quoting import printable, shortened
from ...settings.state import user_home
from .caller import caller

# Characters of one sentence; a list of models may be long.
MOST = 2000
# Where a path may begin that is whole.
_BEGINNING = re.compile(r"(?<![\w./~:-])~?/")


def told(text: str) -> str:
    """`text` on one line; whoever may not do everything sees files without their folders."""
    line = printable(" ".join(text[: 4 * MOST].split()))
    return shortened(line if caller().may("admin") else without_folders(line), MOST)


def without_folders(text: str) -> str:
    """Whole paths by their last names: what this person's folders are called is nobody's business.

    `/Users/ada/models/Qwen3-8B/config.json` -> `config.json`. Paths of the server (`/v1/models`)
    are no folders of this computer, and stay.
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
    """Behind the last folder, of those that exist, of the path that begins at `start`."""
    end, slash = start, text.index("/", start)
    while (slash := text.find("/", slash + 1)) >= 0:
        if not os.path.isdir(os.path.expanduser(text[start:slash])):
            break
        end = slash + 1
    return end


def told_path(path: Path) -> str:
    """The whole path to whoever may do everything, its last name to others."""
    return str(path) if caller().may("admin") else path.name
