"""Saved load settings of each model: `models.json` in the state folder.

    {"Qwen/Qwen3-8B-MLX-4bit": {"context_length": 16384, "kv_bits": 8, "ttl": 600,
                                "sampling": {"temperature": 0.3}}}

`ttl` is the idle time in seconds after which the model is unloaded; `sampling` holds the defaults
for requests that omit those fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..config.options import LoadOptions, SamplingParams
from ..errors import ConfigurationError, InvalidRequestError
from ..quoting import quoted
from ..settings.setting import at as settings_at
from ..settings.state import StateFile
from ..settings.table import MODEL_TTL
from ..settings.table import SAMPLING as SETTINGS

_OPTIONS = tuple(field.name for field in fields(LoadOptions))
# Options that suit a model as such; a seed or a stop string belongs to one request.
SAMPLING = tuple(setting.name for setting in settings_at("model", SETTINGS))


class ModelSettings:
    """The saved settings of every model, by id; read from disk each time, so that edits apply."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("models.json", home)

    def version(self) -> int:
        """Return a number that changes whenever settings were saved."""
        try:
            return self._file.path.stat().st_mtime_ns
        except OSError:
            return 0

    def load(self, model_id: str) -> LoadOptions:
        """Return the saved options, or the defaults if none are saved.

        Raises ConfigurationError, which names the file and the model, for invalid values.
        """
        entry = self._entry(self._file.read(), model_id)
        try:
            return LoadOptions(**{name: entry[name] for name in _OPTIONS if name in entry})
        except InvalidRequestError as error:
            raise ConfigurationError(f"{self._file.path}, {model_id}: {error}") from None

    def ttl(self, model_id: str) -> float | None:
        """Return the saved idle time in seconds, or None."""
        value = self._entry(self._file.read(), model_id).get("ttl")
        if value is None:
            return None
        try:
            MODEL_TTL.check(value)
        except InvalidRequestError as error:
            raise ConfigurationError(f"{self._file.path}, {model_id}: {error}") from None
        return float(value)

    def sampling(self, model_id: str) -> dict[str, Any]:
        """Return the saved sampling defaults: the options of SAMPLING that were set."""
        value = self._entry(self._file.read(), model_id).get("sampling", {})
        try:
            return checked_sampling(value)
        except InvalidRequestError as error:
            raise ConfigurationError(f"{self._file.path}, {model_id}: {error}") from None

    def save(self, model_id: str, options: LoadOptions) -> None:
        """Replace the saved options; an option that is None returns to its default."""
        values = {name: getattr(options, name) for name in _OPTIONS}
        if options.rope_scaling is not None:
            values["rope_scaling"] = dict(options.rope_scaling)
        with self._edit(model_id) as entry:
            _put(entry, values)

    def save_ttl(self, model_id: str, ttl: float | None) -> None:
        """Replace the saved idle time in seconds; None clears it."""
        with self._edit(model_id) as entry:
            _put(entry, {"ttl": ttl})

    def save_sampling(self, model_id: str, sampling: Mapping[str, Any]) -> None:
        """Replace the saved sampling defaults. Raises InvalidRequestError for invalid values."""
        values = checked_sampling(sampling)
        with self._edit(model_id) as entry:
            _put(entry, {"sampling": values or None})

    def copy(self, source: str, target: str) -> dict[str, Any]:
        """Give the model `target` the settings that `source` has, and no others; return them."""
        with self._file.edit() as models:
            copied = dict(self._entry(models, source))
            models.pop(target, None)
            if copied:
                models[target] = copied
        return copied

    @contextmanager
    def _edit(self, model_id: str) -> Iterator[dict[str, Any]]:
        with self._file.edit() as models:
            entry = dict(self._entry(models, model_id))
            yield entry
            models[model_id] = entry
            if not entry:
                del models[model_id]

    def _entry(self, models: Mapping[str, Any], model_id: str) -> Mapping[str, Any]:
        entry = models.get(model_id, {})
        if not isinstance(entry, dict):
            raise ConfigurationError(
                f"{self._file.path}: the settings of {model_id} are {quoted(entry)}; they must "
                "be a JSON object."
            )
        return entry


def checked_sampling(value: Any) -> dict[str, Any]:
    """Return sampling defaults without the ones that are None. Raises InvalidRequestError."""
    if not isinstance(value, Mapping):
        raise InvalidRequestError(
            f"sampling is {quoted(value)}; it must be an object.", param="sampling"
        )
    if unknown := sorted(set(value) - set(SAMPLING)):
        raise InvalidRequestError(
            f"Unknown sampling option {quoted(unknown[0])}; valid options: {', '.join(SAMPLING)}.",
            param=f"sampling.{unknown[0]}",
        )
    given = {name: number for name, number in value.items() if number is not None}
    try:
        SamplingParams(**given)
    except InvalidRequestError as error:
        raise InvalidRequestError(str(error), param=f"sampling.{error.param}") from None
    return given


def _put(entry: dict[str, Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            entry.pop(name, None)
        else:
            entry[name] = value
