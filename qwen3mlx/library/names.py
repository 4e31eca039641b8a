"""Parse a model's name into one of four kinds, without reading a model file.

demo, demo-moe          the checkpoints that come with the program ./folder ~/x /x         a folder;
so is any other name that exists on disk qwen3:8b  qwen3:8b-8bit an alias, for one of the official
MLX repositories org/repo                a repository of the hub, or a link to one

Except in folder names, case, surrounding blanks and Ollama's `:latest` do not matter.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..errors import ModelNotFoundError
from ..settings.state import expanded

_PACKAGE = Path(__file__).resolve().parent
DEMOS = {
    "demo": _PACKAGE.parent / "demo" / "dense",
    "demo-moe": _PACKAGE.parent / "demo" / "moe",
}
_REPO_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_REPO_ID = re.compile(f"{_REPO_PART}/{_REPO_PART}")
# https://huggingface.co/org/repo/tree/main, and hf.co/org/repo as Ollama writes it.
_HUB_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/([^/?#\s]+/[^/?#\s]+)(?:[/?#].*)?",
    re.IGNORECASE,
)
_LATEST = ":latest"
_PATH_STARTS = ("/", "./", "../", "~")


class Folder(NamedTuple):
    """A checkpoint folder on this computer; it may not exist."""

    path: Path


class Repository(NamedTuple):
    """A repository of the hub; `approximate_bytes` is known only for aliases."""

    repo_id: str
    approximate_bytes: int | None = None


def parse_name(name: str) -> Folder | Repository:
    """Parse `name`. Raises ModelNotFoundError, which suggests the nearest name."""
    meant = plain(name)
    if (demo := DEMOS.get(meant.casefold())) is not None:
        return Folder(demo)
    if (aliased := aliases().get(meant.casefold())) is not None:
        return aliased
    for path in (name, meant):
        if is_path(path):
            return Folder(expanded(path))
    if is_repository(meant):
        return Repository(meant)
    raise ModelNotFoundError(_unknown(name))


def plain(name: str) -> str:
    """Normalize a name: strip blanks and `:latest`, and turn a link into its repository."""
    name = name.strip()
    if link := _HUB_LINK.fullmatch(name):
        name = link[1]
    return name[: -len(_LATEST)] if name.casefold().endswith(_LATEST) else name


def is_path(name: str) -> bool:
    """Return True for anything written as a path, and for anything that exists on disk."""
    if name in {".", ".."} or name.startswith(_PATH_STARTS):
        return True
    try:
        return name != "" and Path(name).exists()
    except (OSError, ValueError):  # longer than any path, or contains a NUL
        return False


def is_repository(name: str) -> bool:
    """Return True for a possible hub id: `org/repo`."""
    return _REPO_ID.fullmatch(name) is not None


def is_base(name: str) -> bool:
    """Return True for a base model, which completes text and does not know the chat format."""
    return re.search(r"-base(-[^/]*)?/?$", name.lower()) is not None


@cache
def aliases() -> dict[str, Repository]:
    """Return every alias in lower case: `qwen3`, `qwen3:latest`, `qwen3:8b`, `qwen3:8b-8bit` ..."""
    table = json.loads((_PACKAGE / "aliases.json").read_text(encoding="utf-8"))
    named: dict[str, Repository] = {}
    for family, row in table.items():
        for size, billions in row["billion_parameters"].items():
            for variant, bits in row["bits_per_weight"].items():
                repo_id = row["repository"].format(size=size, variant=variant)
                alias = f"{family}:{size.lower()}"
                repository = Repository(repo_id, round(billions * 1e9 * bits / 8))
                named[f"{alias}-{variant}"] = repository
                if variant == row["default_variant"]:
                    named[alias] = repository
        named[family] = named[f"{family}:latest"] = named[f"{family}:{row['default_size']}"]
    return named


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the one of `choices` that a person who typed `word` most likely meant."""
    candidates, word = list(choices), word.lower()
    if longer := [choice for choice in candidates if len(word) > 1 and choice.startswith(word)]:
        return min(longer, key=len)
    matches = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    return matches[0] if matches else None


def _unknown(name: str) -> str:
    shown = name if len(name) <= 60 else name[:57] + "..."
    guess = nearest(name, [*DEMOS, *aliases()])
    hint = f" Did you mean {guess}?" if guess else ""
    return (
        f'"{shown}" is not a model.{hint} A model is demo, demo-moe, an alias such as qwen3:8b, '
        "a hub id such as Qwen/Qwen3-8B-MLX-4bit, or a folder such as ./model."
    )
