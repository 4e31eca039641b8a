"""Database errors as sentences for a person."""

from __future__ import annotations

import sqlite3

from PySide6.QtCore import QCoreApplication

from .schema import NewerSchemaError

translate = QCoreApplication.translate


class StoreError(Exception):
    """Something could not be saved or read; the message says what to do."""


class NewerStoreError(StoreError):
    """A newer version of the program wrote the file; it is left alone."""


def store_error(error: sqlite3.Error | OSError) -> StoreError:
    """The error as a sentence for a person."""
    kind = NewerStoreError if isinstance(error, NewerSchemaError) else StoreError
    return kind(_sentence(str(error)))


# Python 3.10 has no error codes, and SQLite's messages for these never change. The last is said of
# a search index whose own tables are broken.
_CORRUPT = ("malformed", "not a database", "vtable constructor failed")


def is_corrupt(error: Exception) -> bool:
    return any(reason in str(error) for reason in _CORRUPT)


def _sentence(reason: str) -> str:
    if "disk is full" in reason or "No space left" in reason:
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
