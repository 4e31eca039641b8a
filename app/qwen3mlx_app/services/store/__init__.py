"""Conversations in SQLite, on disk or in memory alone."""

from .backups import Backup, backup_folder, backups, is_due, keep_last, make_backup
from .errors import NewerStoreError, StoreError, is_corrupt, is_full, store_error
from .known import Known
from .rescue import Recovery
from .restore import restore
from .search import Hit
from .store import Store
from .stores import Stores

__all__ = [
    "Backup",
    "Hit",
    "Known",
    "NewerStoreError",
    "Recovery",
    "Store",
    "StoreError",
    "Stores",
    "backup_folder",
    "backups",
    "is_corrupt",
    "is_due",
    "is_full",
    "keep_last",
    "make_backup",
    "restore",
    "store_error",
]
