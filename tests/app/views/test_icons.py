"""The icons are drawn at the size that Qt asks for, which may be none."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QRegion
from PySide6.QtWidgets import QApplication
from qwen3mlx_app.views.icons import FOLDER, icon

NAME = next(FOLDER.glob("*.svg")).stem


@pytest.mark.parametrize("size", [QSize(0, 0), QSize(0, 16), QSize(16, 0), QSize()])
@pytest.mark.parametrize("mode", list(QIcon.Mode))
def test_an_icon_without_room_is_empty_and_says_nothing(
    qapp: QApplication, size: QSize, mode: QIcon.Mode
) -> None:
    """The tests fail at a warning of Qt."""
    assert icon(NAME).pixmap(size, mode).isNull()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_an_icon_has_the_pixels_of_the_screen(qapp: QApplication, scale: float) -> None:
    pixmap = icon(NAME).pixmap(QSize(16, 16), scale)
    assert pixmap.size() == QSize(16, 16) * scale
    assert not QRegion(pixmap.mask()).isEmpty()
