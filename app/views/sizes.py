"""Numbers as people read them."""

from __future__ import annotations

from PySide6.QtCore import QLocale


def size_text(num_bytes: int) -> str:
    """In decimal units, as a Mac writes sizes: 5.3 MB."""
    style = QLocale.DataSizeFormat.DataSizeSIFormat
    digits = 0 if num_bytes < 1_000_000 else 1
    return QLocale().formattedDataSize(num_bytes, digits, style)


def count_text(number: int) -> str:
    return QLocale().toString(number)
