"""How each model is to be loaded: `models.json` in the state folder.

    {"Qwen/Qwen3-8B-MLX-4bit": {"context_length": 16384, "kv_bits": 8, "ttl": 600,
                                "sampling": {"temperature": 0.3}}}

`ttl` is the idle time in seconds after which the model leaves memory; `sampling` is what requests
take that say nothing else.
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
from ..settings.state import StateFile

_OPTIONS = tuple(field.name for field in fields(LoadOptions))
# What can be a habit of a model; a seed or a stop string belongs to one request.
SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
)


class ModelSettings:
    """The saved settings of every model, by its id; read anew each time, so that edits count."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = StateFile("models.json", home)

    def load(self, model_id: str) -> LoadOptions:
        """The saved options; the defaults where nothing is saved.

        Raises ConfigurationError, which names the file and the model, for what cannot be.
        """
        entry = self._entry(self._file.read(), model_id)
        try:
            return LoadOptions(**{name: entry[name] for name in _OPTIONS if name in entry})
        except InvalidRequestError as error:
            raise ConfigurationError(f"{self._file.path}, {model_id}: {error}") from None

    def ttl(self, model_id: str) -> float | None:
        """The saved idle time in seconds; None where none is saved."""
        value = self._entry(self._file.read(), model_id).get("ttl")
        if value is None or (
            isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 2**31
        ):
            return value
        raise ConfigurationError(
            f"{self._file.path}, {model_id}: ttl is {quoted(value)}; it must be a number of "
            "seconds above 0."
        )

    def sampling(self, model_id: str) -> dict[str, Any]:
        """The saved sampling defaults, those of SAMPLING that were set."""
        value = self._entry(self._file.read(), model_id).get("sampling", {})
        try:
            return checked_sampling(value)
        except InvalidRequestError as error:
            raise ConfigurationError(f"{self._file.path}, {model_id}: {error}") from None

    def save(self, model_id: str, options: LoadOptions) -> None:
        """Replaces the saved options; an option that is None is the default from now on."""
        values = {name: getattr(options, name) for name in _OPTIONS}
        if options.rope_scaling is not None:
            values["rope_scaling"] = dict(options.rope_scaling)
        with self._edit(model_id) as entry:
            _put(entry, values)

    def save_ttl(self, model_id: str, ttl: float | None) -> None:
        """Replaces the saved idle time in seconds; None takes it back."""
        with self._edit(model_id) as entry:
            _put(entry, {"ttl": ttl})

    def save_sampling(self, model_id: str, sampling: Mapping[str, Any]) -> None:
        """Replaces the saved sampling defaults; InvalidRequestError for what cannot be."""
        values = checked_sampling(sampling)
        with self._edit(model_id) as entry:
            _put(entry, {"sampling": values or None})

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
    """Sampling defaults without those that are None. Raises InvalidRequestError."""
    if not isinstance(value, Mapping):
        raise InvalidRequestError(
            f"sampling is {quoted(value)}; it must be an object.", param="sampling"
        )
    if unknown := sorted(set(value) - set(SAMPLING)):
        raise InvalidRequestError(
            f"{quoted(unknown[0])} is no sampling default; known are {', '.join(SAMPLING)}.",
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
