"""Conversations on disk, in SQLite."""

from .errors import NewerStoreError, StoreError
from .rescue import Recovery
from .search import Hit
from .store import Store

__all__ = ["Hit", "NewerStoreError", "Recovery", "Store", "StoreError"]
