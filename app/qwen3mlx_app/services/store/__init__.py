"""Conversations in SQLite, on disk or in memory alone."""

from .errors import NewerStoreError, StoreError
from .known import Known
from .rescue import Recovery
from .search import Hit
from .store import Store
from .stores import Stores

__all__ = ["Hit", "Known", "NewerStoreError", "Recovery", "Store", "StoreError", "Stores"]
