"""What a person does with the window, and sees of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.windows import Windows


def program_of(window: MainWindow) -> Program:
    return window.program


def windows_of(window: MainWindow) -> Windows:
    """What it shares with the other windows."""
    all_of_them = [one.findChild(Windows) for one in QApplication.topLevelWidgets()]
    found = [one for one in all_of_them if one is not None and one.theme is window.theme]
    assert len(found) == 1
    return found[0]


def write(window: MainWindow, qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(window.chat.composer.text, text)
    qtbot.keyClick(window.chat.composer.text, Qt.Key.Key_Return)


def ask(window: MainWindow, qtbot: QtBot, text: str) -> None:
    with qtbot.waitSignal(program_of(window).chat.finished):
        write(window, qtbot, text)


def seen(window: MainWindow) -> str:
    """All text of the conversation that has widgets."""
    window.chat.messages.lay_out()
    labels = window.chat.messages.viewport().findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisibleTo(window))


def button(within: QWidget, name: str) -> QAbstractButton:
    """The visible button that is announced, or labelled, as `name`."""
    found = [
        one
        for one in within.findChildren(QAbstractButton)
        if name in (one.accessibleName(), one.text()) and one.isVisible()
    ]
    assert found, name
    assert cover(found[-1]) is None, f"{cover(found[-1])} covers {name}"
    return found[-1]


def cover(widget: QWidget) -> QWidget | None:
    """What the pointer meets in the widget's place; None for itself, or if it is scrolled out."""
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    place = widget.visibleRegion().boundingRect()
    if place.isEmpty():
        return None
    window = widget.window()
    met = window.childAt(widget.mapTo(window, place.center()))
    return None if met is None or met is widget or widget.isAncestorOf(met) else met


def visible_texts(within: QWidget) -> list[str]:
    """What its labels say."""
    return [label.text() for label in within.findChildren(QLabel) if label.isVisible()]


def named(within: QWidget, kind: type[QWidget], name: str) -> QWidget:
    return next(one for one in within.findChildren(kind) if one.accessibleName() == name)


def turn_wheel(over: QWidget) -> None:
    """Down and up."""
    place = QPointF(over.rect().center())
    for turn in (-120, 120):
        event = QWheelEvent(
            place,
            over.mapToGlobal(place),
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(over, event)


def action(window: MainWindow, title: str) -> QAction:
    """Of the menu bar."""
    found = [one for one in window.findChildren(QAction) if one.text() == title]
    assert len(found) == 1
    return found[0]


def trigger(window: MainWindow, title: str) -> None:
    action(window, title).trigger()


def answer_with(window: MainWindow, name: str) -> list[str]:
    """Press that button of the next question; returns what was asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        button(box, name).click()

    QTimer.singleShot(50, window, press)
    return asked
