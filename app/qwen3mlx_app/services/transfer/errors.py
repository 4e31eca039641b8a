"""The error of an import."""

from __future__ import annotations


class TransferError(Exception):
    """Nothing could be imported; the message says why, in the language of the window."""
