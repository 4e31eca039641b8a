"""Database errors as sentences for a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from .schema import NewerSchemaError

translate = QCoreApplication.translate


class StoreError(Exception):
    """Something could not be saved or read; the message says what to do."""


class NewerStoreError(StoreError):
    """A newer version of the program wrote the file; it is left alone."""


class UpgradeError(sqlite3.DatabaseError):
    """An older file could not be brought up to date; `copy` is what it was before."""

    def __init__(self, reason: str, copy: Path) -> None:
        super().__init__(reason)
        self.copy = copy


def store_error(error: sqlite3.Error | OSError) -> StoreError:
    """The error as a sentence for a person."""
    if isinstance(error, UpgradeError):
        text = translate(
            "store",
            "Your conversations could not be updated for this version ({reason}). They are as they"
            " were, and a copy is at {path}. Free up some space, or use the version from before.",
        )
        return StoreError(text.format(reason=error, path=error.copy))
    kind = NewerStoreError if isinstance(error, NewerSchemaError) else StoreError
    return kind(_sentence(str(error)))


# Python 3.10 has no error codes, and SQLite's messages for these never change. The last is said of
# a search index whose own tables are broken.
_CORRUPT = ("malformed", "not a database", "vtable constructor failed")


_FULL = ("disk is full", "No space left")


def is_corrupt(error: Exception) -> bool:
    return any(reason in str(error) for reason in _CORRUPT)


def is_full(error: Exception) -> bool:
    return any(reason in str(error) for reason in _FULL)


def _sentence(reason: str) -> str:
    if any(part in reason for part in _FULL):
        return translate(
            "store", "The disk is full. Free up some space, and what is on screen will be saved."
        )
    if any(part in reason for part in _CORRUPT):
        return translate(
            "store",
            "Your conversation database is damaged. Reopen qwen3mlx to repair it.",
        )
    if "locked" in reason:
        return translate(
            "store", "Another app is using your conversation database. Close it and try again."
        )
    if "newer version" in reason:
        return translate(
            "store",
            "Your conversations were saved by a newer version of qwen3mlx. Update to open them.",
        )
    return translate(
        "store",
        "Your conversations cannot be saved ({reason}). Check the folder's permissions.",
    ).format(reason=reason)
