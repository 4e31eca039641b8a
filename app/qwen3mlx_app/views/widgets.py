"""Labels and buttons that many views use, each made in one place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ..services.plain import one_line
from .icons import icon
from .plain import Label, ToolButton, set_tip


def section(title: str, parent: QWidget) -> Label:
    """A heading within a page."""
    return _label(title, parent, "section")


def muted(text: str, parent: QWidget) -> Label:
    """Secondary text on one line, such as figures and states."""
    return _label(text, parent, "muted")


def hint_label(text: str, parent: QWidget) -> Label:
    """Secondary text that wraps, such as hints."""
    label = muted(text, parent)
    label.setWordWrap(True)
    return label


def error_label(text: str, parent: QWidget) -> Label:
    """What is wrong with what stands above it; it wraps."""
    label = _label(text, parent, "error")
    label.setWordWrap(True)
    return label


def tool_button(
    parent: QWidget,
    sign: str,
    text: str = "",
    do: Callable[[], object] | None = None,
    *,
    kind: str = "",
) -> ToolButton:
    """A button with an icon; `text` is its tooltip and its name for screen readers.

    `kind` is an object name of the style sheet, which knows the size of its icon.
    """
    button = ToolButton(parent)
    button.setObjectName(kind)
    button.setIcon(icon(sign))
    set_tip(button, text)
    button.setAccessibleName(one_line(text))
    if do is not None:
        button.clicked.connect(lambda *_: do())
    return button


def labelled_button(parent: QWidget, sign: str, text: str, *, kind: str = "") -> ToolButton:
    """A button with an icon and `text` beside it."""
    button = ToolButton(parent)
    button.setObjectName(kind)
    button.setIcon(icon(sign))
    button.setText(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def _label(text: str, parent: QWidget, kind: str) -> Label:
    label = Label(text, parent)
    label.setObjectName(kind)
    return label
