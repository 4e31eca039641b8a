"""Where models come from: one function per hub, chosen by the prefix of a name.

    hf:org/repo                                Hugging Face
    modelscope:org/repo                        ModelScope
    kaggle:owner/model/framework/variation     Kaggle

Without a prefix, the setting `source` chooses among the hubs that the table of the family knows the
model on; else it is Hugging Face. A download that fails is not tried at another hub.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from ...errors import ConfigurationError, InvalidRequestError, ModelNotFoundError
from ...library.cache import cached_snapshot
from ...library.family import repositories
from ...library.names import Wanted, is_repository, meaning
from ...library.user_aliases import aliased
from ...settings.table import HUBS, SERVER
from ...settings.user import UserSettings
from ..progress import ProgressCallback

HUGGING_FACE, MODELSCOPE, KAGGLE = HUBS
TITLES = {HUGGING_FACE: "Hugging Face", MODELSCOPE: "ModelScope", KAGGLE: "Kaggle"}


class Fetch(Protocol):
    def __call__(
        self, repo_id: str, revision: str | None, progress: ProgressCallback, /
    ) -> Path: ...


class Place(NamedTuple):
    """A repository of one of HUBS."""

    source: str
    repo_id: str

    @property
    def name(self) -> str:
        """The name that means this place alone."""
        return f"{self.source}:{self.repo_id}"


class Found(NamedTuple):
    """A place, and sentences about how it differs from what was asked for."""

    place: Place
    notes: tuple[str, ...]


def split(name: str) -> tuple[str | None, str]:
    """Return the source that a name begins with, if it does, and the rest."""
    prefix, colon, rest = name.strip().partition(":")
    is_source = bool(colon) and prefix.casefold() in HUBS
    return (prefix.casefold(), rest) if is_source else (None, name)


def first_source() -> str:
    """Return the setting `source` as it is saved. Raises ConfigurationError."""
    user, setting = UserSettings(), SERVER["source"]
    value = user.server().get(setting.name)
    try:
        setting.check(setting.default if value is None else value)
    except InvalidRequestError as error:
        raise ConfigurationError(f"{user.path}: server.{error}") from None
    return value or HUGGING_FACE


def preferred(wanted: Wanted, first: str) -> Found:
    """Return where to download a model from that was named without a prefix.

    That is `first` if it is known to have the same model in the same quantization, unless Hugging
    Face's cache has it already.
    """
    repository = wanted.repository
    there = Place(HUGGING_FACE, repository.repo_id)
    if first != HUGGING_FACE and cached_snapshot(repository.repo_id) is None:
        same = _equivalent(wanted, first)
        if same is None:
            note = f"{repository.repo_id} is not known on {TITLES[first]}: Hugging Face has it."
            return Found(there, (*_substituted(wanted, there), note))
        there = Place(first, same)
    return Found(there, _substituted(wanted, there))


def _substituted(wanted: Wanted, there: Place) -> tuple[str, ...]:
    note = None if there.source == KAGGLE else wanted.substitution(there.repo_id)
    return () if note is None else (note,)


def _equivalent(wanted: Wanted, source: str) -> str | None:
    """Return what `source` calls the first repository, or one with the same numbers."""
    repository = wanted.repository
    if source == KAGGLE:
        return _on_kaggle(wanted) if repository.quantization == "bf16" else None
    for each in wanted.repositories:
        if each.on_modelscope and each.quantization == repository.quantization:
            return each.repo_id
    return None


def place(source: str, name: str) -> Place:
    """Return the repository that `name` means in `source`. Raises ModelNotFoundError."""
    wanted = meaning(aliased(name))
    if source == KAGGLE:
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
    if source == MODELSCOPE and not is_repository(name):
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
