"""Models that were deleted a moment ago: their files are held for a while, and can be put back."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from pathlib import Path
from typing import NamedTuple

from ...engine import Engine
from ...errors import DeletionError, InvalidRequestError, ModelNotFoundError
from ...hub.jobs import Downloads
from ...library.removal import delete, downloaded_folder, hold, num_bytes, old_holds, put_back
from ...library.scan import Library

logger = logging.getLogger(__name__)

# Seconds after which the files are deleted; a server that ends does so at once.
KEEP_SECONDS = 600.0


class Held(NamedTuple):
    """A model that can be put back: the folder it had, and the one that it has now."""

    id: str
    model: str
    folder: Path
    held: Path
    size_bytes: int


class HeldModels:
    """Files stay on their disk; a server that was killed leaves them to the next one."""

    def __init__(self, library: Library, engine: Engine, downloads: Downloads) -> None:
        self._library = library
        self._engine = engine
        self._downloads = downloads
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Delete what an earlier server has left."""
        for held in old_holds(KEEP_SECONDS):
            _delete(held)

    def close(self) -> None:
        for token in list(self._held):
            self._free(token)

    async def take(self, name: str) -> Held:
        """Take a downloaded model away; its running requests fail.

        Raises ModelNotFoundError, DeletionError, and InvalidRequestError for a model that is not
        ours to delete, or on its way.
        """
        local = await asyncio.to_thread(self._library.find, name)
        try:
            folder = downloaded_folder(local)
        except ModelNotFoundError as error:
            raise InvalidRequestError(str(error), param="model") from None
        if any(job.is_open and job.repo_id == local.id for job in self._downloads.listed(None)):
            raise InvalidRequestError(
                f"{local.id} is being downloaded: remove its download first.", param="model"
            )
        await asyncio.wrap_future(self._engine.unload(local.id))
        held = await asyncio.to_thread(self._take, local.id, folder)
        asyncio.get_running_loop().call_later(KEEP_SECONDS, self._free_soon, held.id)
        return held

    def restore(self, token: str) -> str:
        """Put a model back, and return its id. Raises InvalidRequestError, DeletionError."""
        with self._lock:
            held = self._held.get(token)
            if held is None:
                raise InvalidRequestError(
                    "This model is deleted for good: download it again.", param="id"
                )
            put_back(held.held, held.folder)
            del self._held[token]
        self._library.scan()
        return held.model

    def _take(self, model_id: str, folder: Path) -> Held:
        size = num_bytes(folder)
        held = Held(secrets.token_hex(8), model_id, folder, hold(folder), size)
        with self._lock:
            self._held[held.id] = held
        self._library.scan()
        return held

    def _free_soon(self, token: str) -> None:
        threading.Thread(target=self._free, args=(token,), daemon=True).start()

    def _free(self, token: str) -> None:
        with self._lock:
            held = self._held.pop(token, None)
        if held is not None:
            _delete(held.held)


def _delete(held: Path) -> None:
    try:
        delete(held)
    except DeletionError as error:
        logger.warning("%s", error)
