"""Scan this computer for models and look them up by the names that requests use."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..config.model_files import is_adapter
from ..errors import CheckpointError, ConfigurationError, ModelNotFoundError
from ..quoting import printable, quoted, shortened
from ..request_warnings import warn
from ..settings.user import UserSettings
from . import folders
from .cache import complete_files
from .family import repositories
from .folders import Candidate
from .local_model import LocalAdapter, LocalModel, OtherFamilyError, read_local_model
from .names import Wanted, meaning, plain
from .user_aliases import Aliases, aliased

_NUM_LISTED = 10
_REASON, _FAMILY = 400, 40  # characters
# Scanning a hundred repositories takes 10 ms: too long to repeat for every request.
_FRESH_SECONDS = 1.0

_log = logging.getLogger(__name__)


class AmbiguousNameError(ModelNotFoundError):
    """The name matches several models."""


class Skipped(NamedTuple):
    """A model or folder that cannot be loaded or read, and why."""

    name: str
    reason: str


class Other(NamedTuple):
    """A model of another family, as config.json names it, and why it cannot be loaded."""

    name: str
    reason: str
    family: str


class Scan(NamedTuple):
    """The result of a scan; `others` are models of other families in shared folders.

    `models` have those with `adapters`, too.
    """

    models: list[LocalModel]
    skipped: list[Skipped]
    others: list[Other]
    adapters: list[LocalAdapter]


class _Reading(NamedTuple):
    files: object  # what `fingerprint` said of them; None: not known
    found: LocalModel | LocalAdapter | Skipped
    family: str | None = None  # of a model that is not a Qwen3


class Library:
    """The demo models, the Hugging Face cache, and folders laid out as LM Studio's.

    If `roots` is None, each scan uses LM Studio's folder and those in settings.json. `extra` are
    checkpoint folders, such as the one of `serve --model ./folder`; they come first, and of two
    models with one id the first one found wins. A checkpoint is read again when its files have
    changed. `aliases` are the user's own names; None stands for those in settings.json. `adapters`
    are folders of adapters, which go with the model `adapts` and with those they were made for.
    """

    def __init__(
        self,
        roots: Sequence[Path] | None = None,
        *,
        extra: Sequence[Path] = (),
        aliases: Aliases | None = None,
        adapters: Sequence[Path] = (),
        adapts: str | None = None,
    ) -> None:
        self._roots = roots
        self.aliases = aliases
        self._adapters = [Path(os.path.abspath(path)) for path in adapters]
        self._adapts = adapts
        self._extra = [Path(os.path.abspath(path)) for path in extra]
        self._known: dict[Candidate, _Reading] = {}
        self._last = Scan([], [], [], [])
        self._told: list[Skipped] = []
        self._looked_at = -math.inf

    def installed(self) -> list[LocalModel]:
        """Return every loadable model, in a fixed order."""
        return self.scan().models

    @property
    def skipped(self) -> list[Skipped]:
        """Return what the last scan could not use."""
        return self._last.skipped

    def find(self, name: str) -> LocalModel:
        """Find a model by id, or by any other name that `names` knows; ids come first.

        No `name` leads outside the library: a path is accepted only if it is one of `extra`. Raises
        ModelNotFoundError, which lists the models; CheckpointError for a broken `extra`.
        """
        if time.monotonic() - self._looked_at < _FRESH_SECONDS:
            with suppress(ModelNotFoundError):
                return self._match(name, self._last)
        return self._match(name, self.scan())

    def has(self, model_id: str) -> bool:
        """Return whether a model on this computer has that id, which aliases cannot change."""
        return _by_id(plain(model_id), self.installed()) is not None

    def wanted(self, name: str) -> Wanted | None:
        """Return the repositories that `name` means; None if there are none."""
        return meaning(aliased(name, self.aliases))

    def to_download(self, name: str) -> Wanted:
        """Return the repositories that `name` means. Raises ModelNotFoundError."""
        wanted = self.wanted(name)
        if wanted is None:
            from .refusals import REMOTE_NAME, not_a_model

            raise ModelNotFoundError(not_a_model(name, REMOTE_NAME))
        return wanted

    def _match(self, name: str, scan: Scan) -> LocalModel:
        if (found := self._exactly(name, scan)) is not None:
            return found
        meant = plain(aliased(name, self.aliases))
        if meant != name and (found := self._exactly(meant, scan)) is not None:
            return found
        wanted = meaning(meant)
        if wanted is not None and (found := _first_of(wanted, scan.models)) is not None:
            return found
        if "+" in meant and (found := self._adapted(meant, scan)) is not None:
            return found
        bare = meant.casefold()
        plain_models = [model for model in scan.models if model.adapter is None]
        short = [m for m in plain_models if m.id.casefold().partition("/")[2] == bare != ""]
        if len(short) == 1:
            return short[0]
        if short:
            both = " or ".join(model.id for model in short)
            raise AmbiguousNameError(f"{quoted(name)} is ambiguous: use {both}.")
        raise ModelNotFoundError(_missing(name, meant, wanted, scan))

    def _adapted(self, name: str, scan: Scan) -> LocalModel | None:
        """Return the model BASE+ADAPTER; None if there is no adapter at all."""
        if not scan.adapters:
            return None
        from .adapters import named, with_adapter

        base, _, adapter = name.rpartition("+")
        return with_adapter(self._match(base, scan), named(adapter, scan.adapters))

    def _exactly(self, name: str, scan: Scan) -> LocalModel | None:
        """Return the model with this id, or at this path of `extra`."""
        if name and (path := Path(os.path.abspath(name))) in self._extra:
            return _at(path, scan.models)
        return _by_id(plain(name), scan.models)

    def scan(self) -> Scan:
        """Scan the disk now: return the models, and what looks like one but cannot be loaded."""
        models: dict[str, LocalModel] = {}
        roots, skipped = self._look_into()
        others: list[Other] = []
        adapters: dict[str, LocalAdapter] = {}
        places: set[object] = set()
        known: dict[Candidate, _Reading] = {}
        for candidate in self._candidates(roots):
            if (place := _place(candidate.path)) in places:
                continue
            places.add(place)
            known[candidate] = reading = _read(candidate, self._known.get(candidate))
            found = reading.found
            if isinstance(found, LocalModel) and found.id.casefold() in models:
                other = models[found.id.casefold()].path
                found = Skipped(str(found.path), f"{other} has the same name.")
            if isinstance(found, LocalModel):
                models[found.id.casefold()] = found
            elif isinstance(found, LocalAdapter):
                adapters.setdefault(found.name.casefold(), found)
            elif reading.family is not None and folders.is_shared(candidate):
                others.append(Other(*found, reading.family))
            else:
                skipped.append(found)
        found_all = Scan(list(models.values()), skipped, others, list(adapters.values()))
        if adapters:
            found_all.models.extend(self._pairs(found_all))
        # Replace all at once, because several threads may scan together.
        self._known, self._last = known, found_all
        self._looked_at = time.monotonic()
        return self._last

    def _pairs(self, scan: Scan) -> list[LocalModel]:
        """Return the models with their adapters."""
        from .adapters import pairs, with_adapter

        found = {pair.id: pair for pair in pairs(scan.models, scan.adapters)}
        if self._adapts is not None:
            with suppress(ModelNotFoundError, CheckpointError):
                base = self._match(self._adapts, scan)
                given = [each for each in scan.adapters if each.path in self._adapters]
                found |= {pair.id: pair for pair in (with_adapter(base, each) for each in given)}
        return list(found.values())

    def _look_into(self) -> tuple[Sequence[Path], list[Skipped]]:
        """Return the folders, and the faults of their list, none of which hides other models.

        A row that names no folder is not logged: `serve` says so before it starts.
        """
        rows: list[Skipped] = []
        faults: list[Skipped] = []
        try:
            roots, rows = (self._roots, []) if self._roots is not None else _listed()
        except ConfigurationError as error:
            roots, faults = (
                folders.standard(),
                [Skipped("settings.json", printable(str(error)))],
            )
        for root in roots:
            if reason := folders.fault_of(root):
                faults.append(Skipped(printable(str(root)), reason))
        for fault in faults:
            if fault not in self._told:
                _log.info("%s: %s", *fault)
        self._told = faults
        return roots, [*rows, *faults]

    def _candidates(self, roots: Sequence[Path]) -> list[Candidate]:
        listed = [*folders.demos(), *folders.cached()]
        listed += [candidate for root in roots for candidate in folders.inside(root)]
        places = {_place(candidate.path) for candidate in listed} if self._extra else set()
        extra = [path for path in self._extra if _place(path) not in places]
        given = [*extra, *self._adapters]
        return [*(Candidate(path.name, path, "folder") for path in given), *listed]


def _listed() -> tuple[list[Path], list[Skipped]]:
    """Return the folders to search, and the rows of model_folders that name none."""
    user = UserSettings()
    listed = user.model_folders()
    rows = [Skipped("settings.json", printable(f"{user.path}: {row}")) for row in listed.faults]
    return [*listed.folders, *folders.standard()], rows


def _read(candidate: Candidate, known: _Reading | None) -> _Reading:
    """Read a model, but only if its files have changed since `known`."""
    files: object = None
    try:
        files = fingerprint(candidate.path)
        if known is not None and known.files == files:
            return known
        if is_adapter(candidate.path):
            from .adapters import read_local_adapter

            return _Reading(files, read_local_adapter(candidate.id, candidate.path))
        return _Reading(files, read_local_model(*candidate))
    except OtherFamilyError as error:
        family = shortened(printable(error.family), _FAMILY)
        return _Reading(files, _skipped(candidate, str(error)), family)
    except CheckpointError as error:
        return _Reading(files, _skipped(candidate, str(error)))
    except OSError as error:
        return _Reading(
            None, _skipped(candidate, f"{candidate.path} cannot be read ({error.strerror}).")
        )
    except Exception as error:  # even an unforeseen error costs only this candidate
        _log.exception("%s cannot be read", candidate.path)
        return _Reading(files, _skipped(candidate, f"It cannot be read ({quoted(error)})."))


def _skipped(candidate: Candidate, reason: str) -> Skipped:
    """Record why a candidate was skipped; the reason may quote the candidate's own files."""
    line = shortened(printable(" ".join(reason.split())), _REASON)
    return Skipped(printable(candidate.id), line)


def _place(path: Path) -> object:
    """Return the same value for two paths to one folder."""
    try:
        status = path.stat()
    except OSError:
        return path
    return status.st_dev, status.st_ino


def fingerprint(folder: Path) -> object:
    """Differs when a file was added, removed, written or verified."""
    files = complete_files(folder).items()
    return sorted((name, status.st_size, status.st_mtime_ns) for name, status in files)


def _at(path: Path, models: list[LocalModel]) -> LocalModel:
    place = _place(path)
    for model in models:
        if _place(model.path) == place:
            return model
    return read_local_model(path.name, path, "folder")  # raises the specific error


def _by_id(model_id: str, models: list[LocalModel]) -> LocalModel | None:
    wanted = model_id.casefold()
    return next((model for model in models if model.id.casefold() == wanted), None)


def _first_of(wanted: Wanted, models: list[LocalModel]) -> LocalModel | None:
    """Return the first of the repositories that is here, and warn if it is a substitute."""
    for repository in wanted.repositories:
        if (found := _by_id(repository.repo_id, models)) is not None:
            if note := wanted.substitution(repository.repo_id):
                warn(note)
            return found
    return None


def _missing(name: str, meant: str, wanted: Wanted | None, scan: Scan) -> str:
    """Say why there is no model `name`, which means `meant`, and what can be done."""
    from .refusals import guessed, known_names, near_repository, shown_name, why_refused

    shown = shown_name(name)
    if meant != plain(name):
        shown += f", an alias for {shown_name(meant)},"
    if wanted is None and (reason := why_refused(meant)):
        return f"{shown} cannot be used: {reason}."
    ids = {each.repo_id.casefold() for each in wanted.repositories} if wanted else set()
    left_out: list[Skipped | Other] = [*scan.skipped, *scan.others]
    for skipped in left_out:
        known_as = skipped.name.casefold()
        if known_as in ids or (meant and meant.casefold() in (known_as, _bare(known_as))):
            return f"{skipped.name} cannot be loaded: {skipped.reason}"
    for adapter in scan.adapters:
        if meant and meant.casefold() in (adapter.name.casefold(), _bare(adapter.name.casefold())):
            return (
                f"{adapter.name} is an adapter made for {adapter.base or 'another model'}: use "
                f"MODEL+{adapter.name}, with the model that it is for."
            )
    model_ids = [model.id for model in scan.models]
    there = _listed_ids(model_ids)
    if wanted is not None:
        if meant.casefold() not in repositories() and (near := near_repository(meant, model_ids)):
            return (
                f"{shown} is not on this computer: did you mean {near}, or is it one to download "
                f"with `qwen3mlx pull {meant}`?"
            )
        return (
            f"{shown} is not on this computer: download it with `qwen3mlx pull {meant}`, or use "
            f"one of {there}."
        )
    guess = guessed(meant, [*model_ids, *map(_bare, model_ids), *known_names()])
    if guess is not None:
        return f"There is no model {shown} on this computer: did you mean {guess} (of {there})?"
    return f"There is no model {shown} on this computer: there are {there}."


def _bare(model_id: str) -> str:
    return model_id.partition("/")[2] or model_id


def _listed_ids(ids: list[str]) -> str:
    known = ", ".join(ids[:_NUM_LISTED])
    return f"{known} and {len(ids) - _NUM_LISTED} more" if len(ids) > _NUM_LISTED else known
