"""Make the main window."""

from __future__ import annotations

from ..composition import Program
from .main_window import MainWindow
from .windows import Windows


def make_window(program: Program) -> MainWindow:
    """The first window of the program."""
    return Windows(program).add_first()
