"""The user's own names for models, which Ollama's clients add as copies."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from ...errors import CheckpointError, InvalidRequestError, ModelNotFoundError, UsageError
from ...library import user_aliases
from ...library.local_model import LocalModel
from ...library.scan import Library
from ..settings import ServerSettings


class OwnNames:
    """Aliases that are added and removed while the server runs, and saved."""

    def __init__(self, settings: ServerSettings, library: Library) -> None:
        self.settings = settings
        self._library = library

    @property
    def models(self) -> Mapping[str, str]:
        """The model by name, in lower case."""
        return self.settings.aliases

    def here(self) -> dict[str, LocalModel]:
        """Return the models on this computer that have such a name, by that name."""
        found: dict[str, LocalModel] = {}
        for name in self.models:
            with suppress(ModelNotFoundError, CheckpointError):
                local = self._library.find(name)
                if local.id.casefold() != name:  # which would be that model's own name
                    found[name] = local
        return found

    def add(self, name: str, model_id: str) -> None:
        """Make `name` mean the model `model_id`; it may have meant another before.

        Raises InvalidRequestError for a name that a model on this computer has.
        """
        key = user_aliases.key_of(name)
        if self._library.has(key):
            raise InvalidRequestError(
                f"{name} is a model of its own: choose another name.", param="destination"
            )
        try:
            user_aliases.save(key, model_id)
        except UsageError as error:
            raise InvalidRequestError(str(error), param="destination") from None
        self._change(key, f"{key}={model_id}")

    def remove(self, name: str) -> bool:
        """Forget a name; the model stays.

        Return False if there is no such name, or a model has it as its own.
        """
        if user_aliases.key_of(name) not in self.models or self._library.has(name):
            return False
        user_aliases.forget(name)
        self._change(name, None)
        return True

    def _change(self, name: str, row: str | None) -> None:
        rows = user_aliases.replaced(self.settings.alias, name, row)
        self.settings = replace(self.settings, alias=tuple(rows))
        self._library.aliases = self.settings.aliases
