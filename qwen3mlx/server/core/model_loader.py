"""Finds models by the names in requests, and loads them with their saved settings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ...config import LoadOptions
from ...engine import Engine, ResidentModel
from ...errors import ModelGoneError, ModelNotFoundError
from ...library.local_model import LocalModel
from ...library.model_settings import ModelSettings
from ...library.names import plain
from ...library.scan import Library
from ...text import Tokenizer, load_tokenizer
from ...text.templates.chat_template import check_template
from .broken_checkpoints import BrokenCheckpoints

DEFAULT_MODEL = "demo"


class ModelLoader:
    """`default` is the model for requests that name none; None: the one used last."""

    def __init__(
        self, library: Library, engine: Engine, settings: ModelSettings, default: str | None
    ) -> None:
        self._library = library
        self._engine = engine
        self._settings = settings
        self._default = default
        self._broken = BrokenCheckpoints()
        self._loaded: dict[str, LocalModel] = {}

    async def find(self, name: str | None) -> LocalModel:
        """Raises ModelNotFoundError, which lists the known models."""
        if name is None:
            used = sorted(self._engine.resident.values(), key=lambda slot: slot.last_used)
            name = self._default or (used[-1].id if used else DEFAULT_MODEL)
        try:
            return await asyncio.to_thread(self._library.find, name)
        except ModelNotFoundError:
            loaded = {local.id.casefold(): local for local in self.in_memory()}
            if (found := loaded.get(plain(name).casefold())) is None:
                raise
            return found

    def in_memory(self) -> list[LocalModel]:
        """Return the models in memory, also those whose files have been moved or deleted since."""
        return [self._loaded[each] for each in self._engine.resident if each in self._loaded]

    async def load(
        self,
        local: LocalModel,
        options: LoadOptions | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> tuple[ResidentModel, float | None]:
        """Return the model in memory, and the seconds it took if it had to be loaded.

        A broken checkpoint is not read again before its files change.
        """
        self._loaded[local.id] = local
        if local.base is not None and local.adapter is not None:
            return await self._adapted(local, local.base, local.adapter, options, on_progress)
        if self._engine.available(local.id) is not None:
            return await self._load(local, options, on_progress)
        files = await asyncio.to_thread(self._broken.check, local.path)
        with self._broken.reading(local.path, files):
            return await self._load(local, options, on_progress)

    async def _adapted(
        self,
        local: LocalModel,
        base: LocalModel,
        adapter: Path,
        options: LoadOptions | None,
        on_progress: Callable[[float], None] | None,
    ) -> tuple[ResidentModel, float | None]:
        """Put the adapter beside the base, which is loaded if it is not in memory."""
        slot = self._engine.available(local.id)
        if slot is not None and options in (None, slot.options):
            return slot, None
        start = time.perf_counter()
        if self._engine.available(base.id) is None:
            from ...model.adapter import check_adapter

            await asyncio.to_thread(check_adapter, adapter, base.path)
        while True:
            below, _ = await self.load(base, options, on_progress)
            with suppress(ModelGoneError):  # unloaded meanwhile: load it again
                adapting = self._engine.adapt(below, local.id, adapter)
                slot = await asyncio.wrap_future(adapting)
                break
        _, saved_ttl = await asyncio.to_thread(self._saved, local)
        if saved_ttl is not None:
            await asyncio.wrap_future(self._engine.keep(slot, saved_ttl))
        return slot, time.perf_counter() - start

    async def _load(
        self,
        local: LocalModel,
        options: LoadOptions | None,
        on_progress: Callable[[float], None] | None,
    ) -> tuple[ResidentModel, float | None]:
        slot = self._engine.available(local.id)
        if slot is not None and options in (None, slot.options):
            return slot, None
        saved, saved_ttl = await asyncio.to_thread(self._saved, local)
        # Not on the engine's thread: an untrusted template may take seconds.
        await asyncio.to_thread(check_template, local.path)
        loop = asyncio.get_running_loop()

        def report(progress: float) -> None:
            if on_progress is not None and not loop.is_closed():
                loop.call_soon_threadsafe(on_progress, progress)

        start = time.perf_counter()
        wanted = saved if options is None else options
        loading = self._engine.load(local.id, local.path, wanted, report)
        slot = await asyncio.wrap_future(loading)
        if saved_ttl is not None:
            await asyncio.wrap_future(self._engine.keep(slot, saved_ttl))
        return slot, time.perf_counter() - start

    def _saved(self, local: LocalModel) -> tuple[LoadOptions, float | None]:
        """Return how the model is loaded, and the idle seconds after which it is unloaded."""
        return self._settings.load(local.options_id), self._settings.ttl(local.id)

    async def tokenizer(self, name: str | None) -> Tokenizer:
        """Return the model's tokenizer; the model itself is not loaded."""
        local = await self.find(name)
        slot = self._engine.resident.get(local.id)
        if slot is not None:
            return slot.loaded.tokenizer
        return await asyncio.to_thread(self._read_tokenizer, local)

    def _read_tokenizer(self, local: LocalModel) -> Tokenizer:
        with self._broken.reading(local.path, self._broken.check(local.path)):
            return _tokenizer(local.path, local.modified)


@lru_cache(maxsize=2)
def _tokenizer(folder: Path, modified: float) -> Tokenizer:
    """Read the tokenizer, again if the checkpoint was modified."""
    return load_tokenizer(folder)
