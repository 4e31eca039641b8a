"""Where the focus lands, how Tab goes, and that text of every size has its room."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QPlainTextEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.views.main_window import MainWindow

from ..fake_endpoint import FakeEndpoint
from .support import ask, button, named, program_of, trigger

PAGES = ("models", "tools", "quantize", "server", "settings")


def tab_stops(window: MainWindow) -> list[QWidget]:
    """What Tab goes to, from the rail's first button on."""
    first: QWidget = button(window.rail, "Chat")
    found, widget = [first], first.nextInFocusChain()
    while widget is not first:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def test_the_focus_lands_where_work_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    for name in PAGES:
        window.show_page(name)
        focused = window.focusWidget()
        assert focused is not None, name
        assert window.page.isAncestorOf(focused), name
        assert focused.isVisible(), name
    button(window.rail, "Chat").click()
    assert window.focusWidget() is window.chat.composer.text


def test_tab_goes_from_left_to_right(window: MainWindow) -> None:
    trigger(window, "Conversation Settings")
    areas = [window.rail, window.sidebar, window.chat, window.chat.panel]

    def area(widget: QWidget) -> int:
        return max(place for place, one in enumerate(areas) if one.isAncestorOf(widget))

    stops = [area(one) for one in tab_stops(window) if any(a.isAncestorOf(one) for a in areas)]
    assert stops.index(1) > stops.index(0)
    assert stops.index(2) > stops.index(1)
    assert stops.index(3) > stops.index(2)


def test_in_the_conversation_tab_goes_down(
    window: MainWindow, qtbot: QtBot, fake: FakeEndpoint
) -> None:
    chat = window.chat
    assert button(chat, "Get Started").isVisible()

    def check(*areas: QWidget) -> None:
        stops = [one for one in tab_stops(window) if chat.isAncestorOf(one)]
        found = [
            [place for place, area in enumerate(areas) if area.isAncestorOf(one)] for one in stops
        ]
        num_above = found.index([0])  # in the page's head
        lefts = [one.mapTo(chat, QPoint()).x() for one in stops[:num_above]]
        assert lefts == sorted(lefts)
        assert num_above >= 2
        places = [place for (place,) in found[num_above:]]
        assert places == sorted(places)
        assert set(places) == set(range(len(areas)))

    check(chat.first_run, chat.composer)
    ask(window, qtbot, "Hi")
    program_of(window).chat.estimator.estimated.emit(5000, 4096)
    check(chat.messages, chat.context_bar, chat.composer)


def test_on_a_page_tab_goes_down(window: MainWindow) -> None:
    window.show_page("settings")
    QApplication.processEvents()
    stops = [one for one in tab_stops(window) if window.page.isAncestorOf(one)]
    heights = [one.mapTo(window.page, QPoint()).y() for one in stops]
    assert len(heights) > 8
    assert heights == sorted(heights)


def test_text_of_any_size_has_its_room(window: MainWindow, qtbot: QtBot) -> None:
    settings = program_of(window).settings
    window.resize(1200, 800)
    for name in PAGES:
        window.show_page(name)
    for size in (10, 24):
        settings.update(font_size=size)
        for name in PAGES:
            window.show_page(name)
            QApplication.processEvents()
            for one in window.page.findChildren(QAbstractButton):
                if one.isVisible() and one.text():
                    wide = one.fontMetrics().horizontalAdvance(one.text())
                    assert one.width() >= wide, (name, size, one.text())
                    assert one.height() >= one.fontMetrics().height(), (name, size, one.text())
        window.show_page("server")
        log = named(window.page, QTableView, "Request log")
        assert isinstance(log, QTableView)
        row = log.verticalHeader().defaultSectionSize()
        assert row >= log.fontMetrics().height() + 4, size
        code = named(window.page, QPlainTextEdit, "Snippet")
        assert code.fontInfo().pixelSize() == size - 1


def test_the_picker_has_room_for_large_text(window: MainWindow) -> None:
    program_of(window).settings.update(font_size=24)
    window.resize(1000, 760)
    trigger(window, "Choose Model…")
    QApplication.processEvents()
    for title in ("Eject", "Load Options…", "Manage Models"):
        one = button(window.chat.picker, title if title != "Eject" else "Eject demo")
        assert one.width() >= one.fontMetrics().horizontalAdvance(title), title
