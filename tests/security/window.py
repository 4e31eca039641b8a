"""The real window over a profile and a scripted server, and all texts that it shows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Before anything of Qt is loaded.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shiboken6
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot
from qwen3mlx_app.composition import Program
from qwen3mlx_app.views.main_window import MainWindow
from qwen3mlx_app.views.window import make_window

from tests.support.places import PROGRAM

from ..app.controllers.support import connect, wait_for_models
from ..app.fake_endpoint import FakeEndpoint

PAGES = ("chat", "models", "quantize", "server", "settings")
Role = Qt.ItemDataRole


@contextmanager
def opened(profile: Path, qtbot: QtBot, fake: FakeEndpoint | None = None) -> Iterator[MainWindow]:
    """It is shown; with a server its models are known."""
    program = Program(profile, PROGRAM)
    window = make_window(program)
    try:
        with qtbot.waitExposed(window):
            window.show()
        if fake is not None:
            connect(program, fake.url)
            wait_for_models(program, qtbot)
        yield window
    finally:
        window.close()
        program.close()
        shiboken6.delete(window)


def texts() -> Iterator[tuple[str, str, QWidget]]:
    """What kind of text it is, the text, and whose."""
    for widget in QApplication.allWidgets():
        yield "tip", widget.toolTip(), widget
        yield "tip", widget.whatsThis(), widget
        yield "tip", widget.statusTip(), widget
        yield "name", widget.accessibleName(), widget
        yield "name", widget.accessibleDescription(), widget
        yield "title", widget.windowTitle(), widget
        if isinstance(widget, QLabel):
            yield "label", widget.text(), widget
        elif isinstance(widget, QAbstractButton):
            yield "mnemonic", widget.text(), widget
        elif isinstance(widget, QTabBar):
            for place in range(widget.count()):
                yield "mnemonic", widget.tabText(place), widget
        elif isinstance(widget, QMenu):
            yield "mnemonic", widget.title(), widget
            for action in widget.actions():
                yield "mnemonic", action.text(), widget
                if action.toolTip() != action.text():
                    yield "tip", action.toolTip(), widget
        elif isinstance(widget, QComboBox):
            for place in range(widget.count()):
                yield "item", widget.itemText(place), widget
        elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _items(widget)


def _items(view: QAbstractItemView) -> Iterator[tuple[str, str, QWidget]]:
    model: Any = view.model()
    is_list = isinstance(model, QAbstractListModel)  # which has its columns for itself
    num_columns = 1 if is_list else model.columnCount(QModelIndex())
    for row in range(model.rowCount(QModelIndex())):
        for column in range(num_columns):
            index = model.index(row, column)
            for kind, role in (("item", Role.DisplayRole), ("tip", Role.ToolTipRole)):
                yield kind, str(index.data(role) or ""), view
