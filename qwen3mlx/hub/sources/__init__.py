"""Where models come from: one function per hub, chosen by the prefix of a name.

    hf:org/repo                                Hugging Face, which is meant without a prefix, too
    modelscope:org/repo                        ModelScope
    kaggle:owner/model/framework/variation     Kaggle

There is no fallback from one hub to another.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from ...errors import ModelNotFoundError
from ...library.family import repositories
from ...library.names import Wanted, is_repository, meaning
from ...library.user_aliases import aliased
from ..progress import ProgressCallback

HUGGING_FACE = "hf"
SOURCES = (HUGGING_FACE, "modelscope", "kaggle")


class Fetch(Protocol):
    def __call__(
        self, repo_id: str, revision: str | None, progress: ProgressCallback, /
    ) -> Path: ...


class Place(NamedTuple):
    """A repository of one of SOURCES."""

    source: str
    repo_id: str


def split(name: str) -> tuple[str, str]:
    """Return the source that a name begins with, or else Hugging Face, and the rest."""
    prefix, colon, rest = name.strip().partition(":")
    is_source = bool(colon) and prefix.casefold() in SOURCES
    return (prefix.casefold(), rest) if is_source else (HUGGING_FACE, name)


def place(source: str, name: str) -> Place:
    """Return the repository that `name` means in `source`. Raises ModelNotFoundError."""
    wanted = meaning(aliased(name))
    if source == "kaggle":
        if name.count("/") == 3 and ".." not in name:
            return Place(source, name)
        handle = _on_kaggle(wanted)
        if handle is None:
            raise ModelNotFoundError(
                f"{name} is not known on Kaggle: write kaggle:owner/model/framework/variation."
            )
        return Place(source, handle)
    if wanted is None:
        raise ModelNotFoundError(f"{name} is not the name of a repository: write org/repo.")
    chosen = wanted.repositories
    if source == "modelscope" and not is_repository(name):
        chosen = tuple(each for each in chosen if each.on_modelscope)
    if not chosen:
        raise ModelNotFoundError(
            f"{name} is not known on ModelScope: name a repository, as modelscope:org/repo."
        )
    return Place(source, chosen[0].repo_id)


def fetch_from(source: str, repo_id: str, revision: str | None, progress: ProgressCallback) -> Path:
    """Download a repository of this source, and return its folder."""
    if source == HUGGING_FACE:
        from ..download import download

        return download(repo_id, revision, progress)
    fetch = cast("Fetch", import_module(f".{source}", __package__).fetch)
    return fetch(repo_id, revision, progress)


def _on_kaggle(wanted: Wanted | None) -> str | None:
    known = repositories().get(wanted.repository.repo_id.casefold()) if wanted else None
    return known[0].kaggle if known else None
