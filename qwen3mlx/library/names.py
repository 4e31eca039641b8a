"""What the name of a model means, without reading a model file. This is the one place for that.

    demo, demo-moe                       the checkpoints that come with the program
    ./folder ~/x /x                      a folder; so is any other name that exists on disk
    qwen3:8b, qwen3:8b-8bit              a model of the table in `family.json`
    qwen3:8b-q4_K_M, qwen3-8b-mlx        the same as Ollama and LM Studio call it
    Qwen3-8B-MLX-4bit, qwen/qwen3-8b     a repository's bare name; LM Studio's key
    org/repo                             a repository of the hub, or a link to one

Except in folder names, case, surrounding blanks and Ollama's `:latest` do not matter. One name has
two meanings: `Qwen/Qwen3-8B` is Qwen's repository, `qwen/qwen3-8b` is LM Studio's key.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from . import family
from .family import Repository, repositories

_PACKAGE = Path(__file__).resolve().parent
DEMOS = {
    "demo": _PACKAGE.parent / "demo" / "dense",
    "demo-moe": _PACKAGE.parent / "demo" / "moe",
}
# Characters of a name: longer than any id of a hub.
LONGEST = 300
_REPO_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
# Hugging Face forbids "--" and "..", and ".git" at the end.
_REPO_ID = re.compile(f"(?!.*(?:--|\\.\\.|\\.git$)){_REPO_PART}/{_REPO_PART}")
# https://huggingface.co/org/repo/tree/main, and hf.co/org/repo as Ollama writes it.
_HUB_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/([^/?#\s]+/[^/?#\s]+)(?:[/?#].*)?",
    re.IGNORECASE,
)
_LATEST = ":latest"
# Whose names are those of the models themselves: LM Studio's keys, Ollama's library.
_KEY_PUBLISHERS = {"", "qwen", "library", "ollama.com/library", "registry.ollama.ai/library"}
GGUF = re.compile(r"gguf|:i?q\d", re.IGNORECASE)


class Folder(NamedTuple):
    """A checkpoint folder on this computer; it may not exist."""

    path: Path


class Wanted(NamedTuple):
    """Any one of `repositories` is the model; the first is the one to download.

    `written` is the quantization, as the name has it, if the name has one.
    """

    repositories: tuple[Repository, ...]
    written: str | None = None

    @property
    def repository(self) -> Repository:
        return self.repositories[0]

    def substitution(self, repo_id: str) -> str | None:
        """Say that the repository does not have the quantization that was asked for."""
        kinds = {each.repo_id: each.quantization for each in self.repositories}
        written = self.written
        if written is None or written == kinds.get(repo_id) or written in repo_id.lower():
            return None
        return f"model names the quantization {written}; the nearest for MLX is {repo_id}."


def meaning(name: str) -> Wanted | None:
    """Return the repositories that `name` means; None if there are none. Looks at no disk."""
    from . import spelling  # most starts need no table

    meant = plain(name)
    if len(meant) > LONGEST:
        return None
    known = repositories().get(meant.casefold())
    if known is not None and (not _is_released(known[1]) or meant == known[1].repo_id):
        return Wanted((known[1],))
    publisher, _, last = meant.rpartition("/")
    if publisher.casefold() in _KEY_PUBLISHERS:
        if (bare := _by_bare_name().get(last.casefold())) is not None:
            return bare
        if (spelled := spelling.read(last)) is not None:
            ordered = spelled.member.in_order(spelled.quantization, family.memory_bytes())
            return Wanted(ordered, spelled.written)
    if is_repository(meant) and not GGUF.search(meant):
        return Wanted((Repository(meant),))
    return None


def plain(name: str) -> str:
    """Normalize a name: strip blanks and `:latest`, and turn a link into its repository."""
    if len(name) > 8 * LONGEST:  # links are long; nothing longer is a name
        return name
    name = name.strip()
    if link := _HUB_LINK.fullmatch(name):
        name = link[1]
    return name[: -len(_LATEST)] if name.casefold().endswith(_LATEST) else name


def is_written_as_path(name: str) -> bool:
    """Return True for what always means a folder, whether there is one or not."""
    return name in {".", ".."} or name.startswith(("/", "./", "../", "~"))


def is_repository(name: str) -> bool:
    """Return True for a possible hub id: `org/repo`."""
    return len(name) <= LONGEST and _REPO_ID.fullmatch(name) is not None


def is_base(name: str) -> bool:
    """Return True for a base model, which completes text and does not know the chat format."""
    return re.search(r"-base(-[^/]*)?/?$", name.lower()) is not None


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the one of `choices` that a person who typed `word` most likely meant."""
    candidates, word = list(choices), word.lower()
    if len(word) > LONGEST:
        return None
    if longer := [choice for choice in candidates if len(word) > 1 and choice.startswith(word)]:
        return min(longer, key=len)
    matches = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    return matches[0] if matches else None


def _is_released(repository: Repository) -> bool:
    """Return whether it is the checkpoint that Qwen released, which LM Studio has a key for."""
    return repository.repo_id.startswith("Qwen/") and "-MLX-" not in repository.repo_id


@cache
def _by_bare_name() -> dict[str, Wanted]:
    """Return the table's repositories by their names without the publisher, in lower case.

    The others with the same model and quantization follow, as they do as well.
    """
    named: dict[str, list[Repository]] = {}
    for member, repository in repositories().values():
        bare = repository.repo_id.partition("/")[2].casefold()
        if _is_released(repository):
            continue
        same = [
            each for each in member.repositories if each.quantization == repository.quantization
        ]
        first = [each for each in same if each.repo_id.casefold().endswith(f"/{bare}")]
        named[bare] = [*first, *(each for each in same if each not in first)]
    return {bare: Wanted(tuple(listed)) for bare, listed in named.items()}
