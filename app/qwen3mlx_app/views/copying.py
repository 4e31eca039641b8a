"""Put rich text on the clipboard."""

from __future__ import annotations

import atexit

import shiboken6
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from .markdown import BlockReader
from .parts import to_html


def copy_rich(text: str, rich: str) -> None:
    """Copy rich text, and plain text for whatever does not take it."""
    data = QMimeData()
    data.setHtml(rich)
    data.setText(text)
    QGuiApplication.clipboard().setMimeData(data)
    atexit.unregister(_let_go)
    atexit.register(_let_go, data)


def copy_markdown_rich(markdown: str) -> None:
    """Copy Markdown as rich text."""
    reader = BlockReader(portions=False)
    reader.read(markdown)
    copy_rich(markdown, "".join(map(to_html, reader.blocks)))


def _let_go(data: QMimeData) -> None:
    """Leave only the text on the clipboard: PySide 6.11 crashes if the data outlives Python."""
    if shiboken6.isValid(data) and QGuiApplication.instance() is not None:
        clipboard = QGuiApplication.clipboard()
        if clipboard.text() == data.text():
            clipboard.setText(data.text())
