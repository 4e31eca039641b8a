"""Conversations on disk, in SQLite."""

from .database import Recovery
from .errors import NewerStoreError, StoreError
from .search import Hit
from .store import Store

__all__ = ["Hit", "NewerStoreError", "Recovery", "Store", "StoreError"]
