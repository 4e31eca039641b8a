"""Links to the app: `qwen3mlx://model?name=NAME` and `qwen3mlx://chat?model=NAME&prompt=TEXT`.

Any web page can contain one, so everything else is refused. A file or folder that the system hands
to the app is the URL of that file.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category
from urllib.parse import parse_qsl, unquote_to_bytes

SCHEME = "qwen3mlx"
_FILE = re.compile("file://(?:localhost)?(/.*)", re.ASCII)
# Characters; a question shows all of a prompt.
LONGEST_NAME, LONGEST_PROMPT, LONGEST_LINK = 200, 3000, 64_000
_LINK = re.compile(rf"{SCHEME}://([a-z]+)/?(?:\?([A-Za-z0-9._~:/@!$'()*+,;=&%-]*))?", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# An alias or the id of a repository, never the path of a folder.
_NAME = re.compile(rf"{_WORD}(/{_WORD})?(:{_WORD})?", re.ASCII)
# Characters that nobody sees, or that change how others look; joiners belong to words and emoji.
_UNSEEN, _SEEN = ("Cc", "Cf", "Co", "Cs"), "\n\t\u200c\u200d"
# The plane of tags and variation selectors, in which texts can be hidden.
_HIDDEN = "\U000e0000"
# The parameters of each action.
_PARAMETERS = {"model": {"name"}, "chat": {"model", "prompt"}}


class RefusedLink(ValueError):
    """The link is not one of ours, or holds what it must not."""


@dataclass(frozen=True, slots=True)
class ModelLink:
    """Show a model's page."""

    name: str


@dataclass(frozen=True, slots=True)
class ChatLink:
    """Start a chat; the model or the text can be empty."""

    model: str
    prompt: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """Open a file or a folder of this computer."""

    path: Path


def parse_link(link: str) -> ModelLink | ChatLink | FileLink:
    """Raises RefusedLink."""
    if len(link) <= LONGEST_LINK and (file := _FILE.fullmatch(link)):
        return FileLink(_path(file[1]))
    found = _LINK.fullmatch(link) if len(link) <= LONGEST_LINK else None
    if found is None or found[1] not in _PARAMETERS:
        raise RefusedLink
    values = _values(found[2] or "", _PARAMETERS[found[1]])
    if found[1] == "model":
        return ModelLink(_name(values.get("name", "")))
    model = values.get("model", "")
    return ChatLink(_name(model) if model else "", _prompt(values.get("prompt", "")))


def _values(query: str, known: set[str]) -> dict[str, str]:
    if not query:
        return {}
    if _BROKEN_ESCAPE.search(query):
        raise RefusedLink
    try:
        pairs = parse_qsl(query, True, True, errors="strict", max_num_fields=len(known))
    except ValueError:
        raise RefusedLink from None
    values = dict(pairs)
    if len(values) < len(pairs) or not values.keys() <= known:
        raise RefusedLink
    return values


def _path(quoted: str) -> Path:
    path = os.fsdecode(unquote_to_bytes(quoted))
    if "\0" in path:
        raise RefusedLink
    return Path(path)


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise RefusedLink
    return name


def _prompt(text: str) -> str:
    if len(text) > LONGEST_PROMPT or any(map(_is_unseen, text)):
        raise RefusedLink
    return text


def _is_unseen(character: str) -> bool:
    if character in _SEEN:
        return False
    return character >= _HIDDEN or category(character) in _UNSEEN
