"""Conversations on disk, in SQLite."""

from .errors import NewerStoreError, StoreError
from .known import Known
from .rescue import Recovery
from .search import Hit
from .store import Store

__all__ = ["Hit", "Known", "NewerStoreError", "Recovery", "Store", "StoreError"]
