"""Tab goes through each page as it is seen, and what has the focus is seen to have it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.page import Page

from .test_focus import PAGES

Stop = tuple[QWidget, QRect]


def walk(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> list[Stop]:
    """Where a key leads on the page from what has the focus, until it is left."""
    stops: list[Stop] = []
    while window.page.isAncestorOf(focused := QApplication.focusWidget()):
        assert focused not in [one for one, _ in stops], focused.accessibleName()
        stops.append((focused, QRect(focused.mapTo(window.page, QPoint()), focused.size())))
        qtbot.keyClick(focused, key)
    return stops


def column_of(page: QWidget, stops: list[Stop]) -> list[Stop]:
    """The page may have been scrolled: the places of now."""
    return [(one, QRect(one.mapTo(page, QPoint()), one.size())) for one, _ in stops]


@pytest.mark.parametrize("name", PAGES)
def test_tab_goes_down_each_page_and_from_left_to_right(
    window: MainWindow, qtbot: QtBot, name: str
) -> None:
    window.show_page(name)
    QApplication.processEvents()
    for _ in range(5):
        stops = walk(window, qtbot, Qt.Key.Key_Tab)
        places = column_of(window.page, stops)
        stops[-1][0].setFocus()
        back = [one for one, _ in walk(window, qtbot, Qt.Key.Key_Backtab)]
        if back == [one for one, _ in reversed(stops)]:
            break
        qtbot.wait(100)  # what the server answers came in between
        back[-1].setFocus()
    assert back == [one for one, _ in reversed(stops)]
    assert len(stops) > 3
    for (one, place), (other, below) in pairwise(places):
        names = one.accessibleName(), other.accessibleName()
        assert below.bottom() > place.top(), names
        is_same_row = place.top() <= below.center().y() <= place.bottom()
        assert below.left() >= place.right() or not is_same_row, names


@pytest.mark.parametrize("name", PAGES)
def test_the_focus_is_seen_on_each_page(window: MainWindow, qtbot: QtBot, name: str) -> None:
    window.show_page(name)
    QApplication.processEvents()
    while window.page.isAncestorOf(one := QApplication.focusWidget()):
        around = QRect(one.mapTo(window, QPoint()), one.size()).adjusted(-3, -3, 3, 3)
        focused = grabbed(window, around)
        qtbot.keyClick(one, Qt.Key.Key_Tab)
        around = QRect(one.mapTo(window, QPoint()), one.size()).adjusted(-3, -3, 3, 3)
        assert grabbed(window, around) != focused, one.accessibleName()


def grabbed(window: MainWindow, place: QRect) -> QImage:
    return window.grab(place).toImage()


def test_what_comes_later_has_its_place_in_the_order(qtbot: QtBot) -> None:
    page = Page()
    qtbot.addWidget(page)
    lines = QVBoxLayout()
    page.column.addLayout(lines)
    page.column.addWidget(last := QPushButton("last", page))
    lines.addWidget(first := QPushButton("first", page))
    page.show()
    for name in ("third", "second"):
        lines.insertWidget(1, QPushButton(name, page))
    QApplication.processEvents()
    first.setFocus()
    names = []
    while not last.hasFocus():
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        found = page.focusWidget()
        assert isinstance(found, QPushButton)
        names.append(found.text())
    assert names == ["second", "third", "last"]
