"""Conversations on disk."""

from .database import Recovery
from .errors import StoreError
from .search import Hit
from .store import Store

__all__ = ["Hit", "Recovery", "Store", "StoreError"]
