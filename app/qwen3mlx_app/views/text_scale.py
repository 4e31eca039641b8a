"""Sizes in proportion to the text, of icons and whatever else is drawn beside words."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ..domain import AppSettings

_DEFAULT = AppSettings().font_size


def grown(pixels: float) -> int:
    """What so many pixels at the default text size are at the text size of now."""
    return round(pixels * QApplication.font().pixelSize() / _DEFAULT)
