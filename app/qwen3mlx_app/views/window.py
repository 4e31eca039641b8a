"""Make the main window."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

from ..composition import Program
from .main_window import MainWindow
from .theme import Theme
from .window_menus import fill_menus


def make_window(program: Program) -> MainWindow:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme = Theme(program.settings.settings, application, program.command)
    # Seconds. Threads that read files and highlight code must not block the window.
    sys.setswitchinterval(0.0005)
    window = MainWindow(program, theme)
    window.rebuilt.connect(lambda: fill_menus(window))
    fill_menus(window)
    return window
