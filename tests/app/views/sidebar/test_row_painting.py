"""How rows are drawn, in both themes."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.sizes import day_text

from .support import (
    DAY,
    colours_of,
    fill,
    index,
    row_image,
    search,
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_and_grounds_are_of_the_theme(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    fill(window, "a", "b", "c")
    window.program.settings.update(theme=theme)
    window.program.sections.set_busy(["a"])
    window.open("b")
    window.chat.composer.text.setFocus()
    colours = window.theme.colours
    assert colours.accent in colours_of(row_image(window, "a"))
    assert colours.accent not in colours_of(row_image(window, "c"))
    assert colours.selection in colours_of(row_image(window, "b"))
    assert colours.selection not in colours_of(row_image(window, "c"))


def test_found_words_are_marked(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, "a", "b")
    search(window, qtbot, "hello")
    found = window.sidebar.found
    qtbot.waitUntil(found.isVisible)
    accent = window.theme.colours.accent
    assert accent in colours_of(found.viewport().grab().toImage())
    window.sidebar.search.selectAll()
    hits = window.program.search.hits
    hits.set_values([replace(hit, question="absent") for hit in hits.values()])
    assert accent not in colours_of(found.viewport().grab().toImage())


def test_rows_grow_with_the_text(window: MainWindow) -> None:
    fill(window, "a")
    before = window.sidebar.list.visualRect(index(window, "a")).height()
    window.program.settings.update(font_size=20)
    QApplication.processEvents()
    assert window.sidebar.list.visualRect(index(window, "a")).height() == before + 6


def test_when_it_was(qapp: QApplication) -> None:
    now = time.time()
    assert day_text(now - 3 * DAY) == time.strftime("%a", time.localtime(now - 3 * DAY))
    assert ":" in day_text(now)
    assert day_text(now - 800 * DAY).endswith(time.strftime("%y", time.localtime(now - 800 * DAY)))
